package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// The journal of a change that is being written stands in the project, so that its files can be moved to their places. It is there from the
// moment when all of them are on the disk until the last one is in its place: to remove journal.json is to commit. Git does not see it.
const (
	stateDir    = ".banyan"
	journalDir  = stateDir + "/journal"
	journalFile = journalDir + "/journal.json"
)

// EditedError means that files are not as the generator has left them.
type EditedError struct {
	Paths []string
	Diff  string // what a hand has changed, "" where that is not known
}

func (e *EditedError) Error() string {
	if len(e.Paths) == 1 {
		return e.Paths[0] + " has been edited by hand since it was written; it stays as it is"
	}
	return fmt.Sprintf("%s and %d more files have been edited by hand since they were written; they stay as they are", e.Paths[0], len(e.Paths)-1)
}

// journal is what has to be known to take a change back.
type journal struct {
	root   *os.Root
	step   func() // called before each thing that is done to the tree, by tests; nil for none
	undone []string

	Files   []entry  `json:"files"`
	Folders []string `json:"folders"` // that were not there, parents first
}

// entry is one file of a change. Its new content stands in the journal as new/<number>, its old one as old/<number>.
type entry struct {
	Path string      `json:"path"`
	Old  string      `json:"old"` // hash of the content, "" for no file
	New  string      `json:"new"`
	Mode fs.FileMode `json:"mode"` // of the old file
}

func (j *journal) before() {
	if j.step != nil {
		j.step()
	}
}

// prepare brings the change onto the disk, beside the tree, and the journal with it.
func (j *journal) prepare(changes []Change) error {
	if err := j.open(); err != nil {
		return err
	}
	for i, c := range changes {
		e := entry{Path: c.Path, Old: hash(c.Old), New: hash(c.New)}
		mode := c.Mode
		if c.Old != nil {
			info, err := j.root.Stat(filepath.FromSlash(c.Path))
			if err != nil {
				return err
			}
			e.Mode = info.Mode().Perm()
			mode = e.Mode // the one that the team gave it
			if err := j.store("old", i, c.Old, e.Mode); err != nil {
				return err
			}
		}
		if c.New != nil {
			if err := j.store("new", i, c.New, mode); err != nil {
				return err
			}
			if err := j.missing(filepath.Dir(filepath.FromSlash(c.Path))); err != nil {
				return err
			}
		}
		j.Files = append(j.Files, e)
	}
	data, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return err
	}
	if err := j.writeFile(journalDir+"/journal.tmp", data, 0o600); err != nil {
		return err
	}
	j.before()
	if err := j.root.Rename(journalDir+"/journal.tmp", journalFile); err != nil {
		return err
	}
	return j.sync(journalDir)
}

// open makes the folder of the journal anew.
func (j *journal) open() error {
	if _, err := j.root.Stat(stateDir); errors.Is(err, fs.ErrNotExist) {
		j.Folders = append(j.Folders, stateDir)
	}
	j.before()
	if err := j.root.RemoveAll(journalDir); err != nil {
		return err
	}
	for _, dir := range []string{stateDir, journalDir, journalDir + "/old", journalDir + "/new"} {
		j.before()
		if err := j.root.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return j.writeFile(journalDir+"/.gitignore", []byte("*\n"), 0o644)
}

func (j *journal) store(side string, i int, data []byte, mode fs.FileMode) error {
	return j.writeFile(journalDir+"/"+side+"/"+strconv.Itoa(i), data, mode)
}

// writeFile writes a file of the journal, to the disk.
func (j *journal) writeFile(name string, data []byte, mode fs.FileMode) error {
	j.before()
	f, err := j.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(f.Chmod(mode), f.Sync(), f.Close())
}

// missing remembers the folders that have to be made for a file.
func (j *journal) missing(dir string) error {
	var folders []string
	for d := dir; d != "." && !slices.Contains(j.Folders, filepath.ToSlash(d)); d = filepath.Dir(d) {
		_, err := j.root.Stat(d)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		folders = append(folders, filepath.ToSlash(d))
	}
	slices.Reverse(folders)
	j.Folders = append(j.Folders, folders...)
	return nil
}

// apply moves the new files to their places, and removes those that go.
func (j *journal) apply() error {
	for _, dir := range j.Folders {
		j.before()
		if err := j.root.Mkdir(filepath.FromSlash(dir), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make the folder %s: %w", dir, err)
		}
	}
	for i, e := range j.Files {
		now, err := read(j.root, e.Path)
		if err != nil {
			return fmt.Errorf("write %s: %w", e.Path, err)
		}
		if hash(now) != e.Old {
			return &ChangedError{e.Path}
		}
		j.before()
		path := filepath.FromSlash(e.Path)
		if e.New != "" {
			err = j.root.Rename(filepath.FromSlash(journalDir+"/new/"+strconv.Itoa(i)), path)
		} else {
			err = j.root.Remove(path)
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", e.Path, err)
		}
	}
	for _, e := range j.Files {
		if e.New == "" {
			j.prune(filepath.Dir(filepath.FromSlash(e.Path)))
		}
	}
	return j.syncFolders()
}

// prune removes a folder and those around it as long as they are empty.
func (j *journal) prune(dir string) {
	for ; dir != "."; dir = filepath.Dir(dir) {
		j.before()
		if j.root.Remove(dir) != nil {
			return // there is something in it, or it has gone with another file
		}
	}
}

// undo brings back what was there, as far as nobody has edited it since, and removes the journal. It may be interrupted and done again.
func (j *journal) undo() error {
	var edited []string
	for i, e := range slices.Backward(j.Files) {
		now, err := read(j.root, e.Path)
		switch {
		case e.Old == "" && (errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR)):
			continue // the change was to put a file in the place of a folder, or the other way round
		case err != nil:
			return err
		case hash(now) == e.Old:
			continue
		case hash(now) != e.New:
			edited = append(edited, e.Path)
			continue
		}
		j.before()
		if err := j.restore(i, e); err != nil {
			return fmt.Errorf("bring back %s: %w", e.Path, err)
		}
		j.undone = append(j.undone, e.Path)
	}
	for _, dir := range slices.Backward(j.Folders) {
		if dir != stateDir {
			j.before()
			_ = j.root.Remove(filepath.FromSlash(dir)) // it is empty, or somebody else has put something into it
		}
	}
	if err := errors.Join(j.syncFolders(), j.discard()); err != nil {
		return err
	}
	if len(edited) > 0 {
		slices.Sort(edited)
		return &EditedError{Paths: edited}
	}
	return nil
}

// restore brings back one file. What stands in the journal stays there until it is in its place: undo may be interrupted.
func (j *journal) restore(i int, e entry) error {
	path := filepath.FromSlash(e.Path)
	if e.Old == "" {
		return j.root.Remove(path)
	}
	old, err := j.root.ReadFile(filepath.FromSlash(journalDir + "/old/" + strconv.Itoa(i)))
	if err != nil {
		return err
	}
	if err := j.root.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := j.writeFile(journalDir+"/back", old, e.Mode); err != nil {
		return err
	}
	return j.root.Rename(filepath.FromSlash(journalDir+"/back"), path)
}

// discard removes the journal: from then on the change counts as made, or as never begun.
func (j *journal) discard() error {
	j.before()
	if err := j.root.Remove(journalFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	j.before()
	err := j.root.RemoveAll(journalDir)
	j.before()
	_ = j.root.Remove(stateDir) // it is empty when this project has no other records
	return err
}

// load reads the journal that another run has left, and removes the rest of one that had not begun to write.
func (j *journal) load() (found bool, err error) {
	data, err := j.root.ReadFile(filepath.FromSlash(journalFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, j.discard()
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(data, j); err != nil {
		return false, fmt.Errorf("%s: %w", journalFile, err)
	}
	return true, nil
}

// syncFolders brings the names of the files onto the disk.
func (j *journal) syncFolders() error {
	dirs := map[string]bool{}
	for _, e := range j.Files {
		dirs[filepath.Dir(filepath.FromSlash(e.Path))] = true
	}
	for _, dir := range j.Folders {
		dirs[filepath.Dir(filepath.FromSlash(dir))] = true
	}
	var errs []error
	for dir := range dirs {
		errs = append(errs, j.sync(dir))
	}
	return errors.Join(errs...)
}

func (j *journal) sync(dir string) error {
	f, err := j.root.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// hash tells contents apart; it is "" for no file.
func hash(data []byte) string {
	if data == nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
