// Package compat names what its tests are built from.
package compat

import _ "github.com/twmb/franz-go/pkg/kgo"
