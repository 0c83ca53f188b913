package directivetest

import (
	"math/rand"
	"reflect"
	"strings"
	"unsafe"
)

// leaves lists the paths to the fields of a struct that are merged as one:
// structs of the same package are gone into, unless they are values with rules
// of their own or have fields that are not exported.
func leaves(o *options, typ reflect.Type, prefix []int) [][]int {
	var out [][]int
	for i := range typ.NumField() {
		f := typ.Field(i)
		path := append(append([]int(nil), prefix...), i)
		if f.Type.Kind() == reflect.Struct && o.gen[f.Type] == nil && !isOpt(f.Type) && f.Type.NumField() > 0 && allExported(f.Type) {
			out = append(out, leaves(o, f.Type, path)...)
			continue
		}
		out = append(out, path)
	}
	return out
}

func allExported(t reflect.Type) bool {
	for i := range t.NumField() {
		if !t.Field(i).IsExported() {
			return false
		}
	}
	return true
}

func isOpt(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && strings.HasPrefix(t.Name(), "Opt[")
}

func pathName(t reflect.Type, path []int) string {
	var names []string
	for i := range path {
		names = append(names, t.FieldByIndex(path[:i+1]).Name)
	}
	return strings.Join(names, ".")
}

// at is the field of x, settable even if it is not exported.
func at[C any](x *C, path []int) reflect.Value {
	return settable(reflect.ValueOf(x).Elem().FieldByIndex(path))
}

func settable(v reflect.Value) reflect.Value {
	return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
}

// fill gives v a value that is not zero.
func fill(o *options, r *rand.Rand, v reflect.Value) {
	if gen := o.gen[v.Type()]; gen != nil {
		v.Set(gen(r))
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(1 + r.Int63n(100))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(1 + uint64(r.Int63n(100)))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(1 + r.Float64())
	case reflect.String:
		v.SetString(string(rune('a' + r.Intn(26))))
	case reflect.Slice:
		n := 1 + r.Intn(2)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(o, r, v.Index(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(o, r, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 1 + r.Intn(2) {
			k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(o, r, k)
			fill(o, r, e)
			v.SetMapIndex(k, e)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		if v.Type().Elem().Kind() != reflect.Struct {
			fill(o, r, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(o, r, settable(v.Field(i)))
		}
	case reflect.Func, reflect.Interface, reflect.Chan:
		// Needs a generator: functions and interfaces cannot be made up or compared.
		panic("directivetest: " + v.Type().String() + " needs a Gen")
	}
}

// clone copies x deeply at the field that was filled.
func clone[C any](o *options, x *C, path []int) *C {
	c := new(C)
	*c = *x
	v := at(c, path)
	v.Set(deep(v))
	return c
}

func deep(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(deep(v.Index(i)))
		}
		return out
	case reflect.Map:
		if v.IsNil() {
			return v
		}
		out := reflect.MakeMap(v.Type())
		for it := v.MapRange(); it.Next(); {
			out.SetMapIndex(it.Key(), it.Value())
		}
		return out
	case reflect.Struct:
		out := reflect.New(v.Type()).Elem()
		out.Set(v)
		for i := range v.NumField() {
			f := settable(out.Field(i))
			f.Set(deep(f))
		}
		return out
	}
	return v
}

func equal[C any](a, b *C) bool { return reflect.DeepEqual(a, b) }
