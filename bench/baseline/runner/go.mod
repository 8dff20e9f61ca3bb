module bench/runner

go 1.26.0
