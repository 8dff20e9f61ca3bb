// Package mail sends mails behind the back of a request: Send takes a mail and returns at once, goroutines hand it over, and try again while
// the server is away.
//
// What is promised: a mail that was taken is handed over at least once, unless the process is killed, or the server refuses it, or it stays away
// longer than mail.retry_for; what is lost is logged, with the reason, and counted. At most mail.queue mails wait, then Send refuses. The stop of
// the process waits for them. In a transaction a mail leaves once it is committed, and never when it is rolled back.
//
// In mode dev and in tests mails stay in a Mailbox, the last hundred, and no server is needed.
package mail
