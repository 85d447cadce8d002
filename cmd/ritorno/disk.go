package main

import (
	"errors"
	"io/fs"
	"os"
)

// sizeOf is how many bytes the files below a directory have. One that goes
// meanwhile counts nothing.
func sizeOf(dir string) (sum uint64, err error) {
	err = fs.WalkDir(os.DirFS(dir), ".", func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return ignoreGone(err)
		}
		info, err := d.Info()
		if err != nil {
			return ignoreGone(err)
		}
		if info.Mode().IsRegular() {
			sum += uint64(info.Size())
		}
		return nil
	})
	return sum, err
}

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
