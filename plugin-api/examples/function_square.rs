// SPDX-License-Identifier: Apache-2.0
//! A PromQL function in Rust, without any crate: square(instant-vector).
//!
//! The #[repr(C)] structs are those of narthex/plugin.h and narthex/function.h, as bindgen would
//! write them; a real plugin generates them. Builds with rustc 1.63 and later.
#![allow(dead_code)]

use std::{ffi::c_void, mem::size_of, panic, ptr, slice};

#[repr(C)]
#[derive(Clone, Copy)]
struct Str {
    ptr: *const u8,
    len: u64,
}

#[repr(C)]
struct Interface {
    id: Str,
    vtable: *const c_void,
}

#[repr(C)]
struct ElemIn {
    struct_size: u32,
    series_count: u32,
    n: u64,
    step_count: u32,
    arg_count: u32,
    step_t: *const i64,
    v: *const f64,
    present: *const u8,
    h: *const c_void,
    args: *const c_void,
    labels: *const c_void,
}

#[repr(C)]
struct ElemOut {
    struct_size: u32,
    reserved0: u32,
    v: *mut f64,
    present: *mut u8,
}

type Eval = unsafe extern "C" fn(
    *mut c_void,
    *const c_void,
    *const ElemIn,
    *const ElemOut,
    *mut c_void,
) -> i32;

#[repr(C)]
struct Function {
    struct_size: u32,
    flags: u32,
    kind: u32,
    returns: u32,
    name: Str,
    doc: Str,
    params: *const u32,
    param_count: u32,
    required: u32,
    variadic: u32,
    reserved0: u32,
    eval: Option<Eval>,
    eval_window: *const c_void,
    eval_matrix: *const c_void,
}

#[repr(C)]
struct FunctionSet {
    struct_size: u32,
    count: u32,
    functions: *const *const Function,
}

#[repr(C)]
struct Component {
    struct_size: u32,
    flags: u32,
    name: Str,
    summary: Str,
    config_schema: Str,
    interfaces: *const Interface,
    interface_count: u32,
    needs_count: u32,
    needs: *const Str,
    life_cycle: [*const c_void; 6],
}

#[repr(C)]
struct Plugin {
    struct_size: u32,
    abi_minor: u32,
    abi_minor_min: u32,
    reserved0: u32,
    id: Str,
    version: Str,
    vendor: Str,
    url: Str,
    license: Str,
    summary: Str,
    components: *const *const Component,
    component_count: u32,
    reserved1: u32,
    load: *const c_void,
    unload: *const c_void,
}

const ABI_MAJOR: u32 = 0;
const ABI_MINOR: u32 = 1;
const NX_ARG_VECTOR: u32 = 3;
const NX_FN_ELEMENTWISE: u32 = 2;
const NX_ERR_INTERNAL: i32 = -17;

const fn text(t: &'static str) -> Str {
    Str { ptr: t.as_ptr(), len: t.len() as u64 }
}

/// Constants full of pointers, which Rust would not share between threads by itself.
#[repr(transparent)]
struct Constant<T>(T);
unsafe impl<T> Sync for Constant<T> {}

unsafe extern "C" fn square(
    _: *mut c_void,
    _: *const c_void,
    input: *const ElemIn,
    output: *const ElemOut,
    _: *mut c_void,
) -> i32 {
    // A panic must not cross the border.
    panic::catch_unwind(|| {
        let n = (*input).n as usize;
        let from = slice::from_raw_parts((*input).v, n);
        let to = slice::from_raw_parts_mut((*output).v, n);
        for (y, x) in to.iter_mut().zip(from) {
            *y = x * x;
        }
        0
    })
    .unwrap_or(NX_ERR_INTERNAL)
}

static PARAMS: [u32; 1] = [NX_ARG_VECTOR];
static FUNCTION: Constant<Function> = Constant(Function {
    struct_size: size_of::<Function>() as u32,
    flags: 0,
    kind: NX_FN_ELEMENTWISE,
    returns: NX_ARG_VECTOR,
    name: text("square"),
    doc: text("The second power of each value."),
    params: &PARAMS as *const u32,
    param_count: 1,
    required: 1,
    variadic: 0,
    reserved0: 0,
    eval: Some(square),
    eval_window: ptr::null(),
    eval_matrix: ptr::null(),
});
static FUNCTIONS: Constant<[*const Function; 1]> = Constant([&FUNCTION.0]);
static SET: Constant<FunctionSet> = Constant(FunctionSet {
    struct_size: size_of::<FunctionSet>() as u32,
    count: 1,
    functions: &FUNCTIONS.0 as *const *const Function,
});
static INTERFACES: Constant<[Interface; 1]> = Constant([Interface {
    id: text("narthex.functions/1"),
    vtable: &SET as *const Constant<FunctionSet> as *const c_void,
}]);
static COMPONENT: Constant<Component> = Constant(Component {
    struct_size: size_of::<Component>() as u32,
    flags: 0,
    name: text("square"),
    summary: text("Squares"),
    config_schema: text(""),
    interfaces: &INTERFACES.0 as *const Interface,
    interface_count: 1,
    needs_count: 0,
    needs: ptr::null(),
    life_cycle: [ptr::null(); 6],
});
static COMPONENTS: Constant<[*const Component; 1]> = Constant([&COMPONENT.0]);
static PLUGIN: Constant<Plugin> = Constant(Plugin {
    struct_size: size_of::<Plugin>() as u32,
    abi_minor: ABI_MINOR,
    abi_minor_min: 0,
    reserved0: 0,
    id: text("org.example.square"),
    version: text("1.0.0"),
    vendor: text(""),
    url: text(""),
    license: text("Apache-2.0"),
    summary: text("A PromQL function in Rust"),
    components: &COMPONENTS.0 as *const *const Component,
    component_count: 1,
    reserved1: 0,
    load: ptr::null(),
    unload: ptr::null(),
});

/// The ELF note, readable before anything of this file runs.
#[repr(C)]
pub struct Note {
    name_size: u32,
    desc_size: u32,
    note_type: u32,
    name: [u8; 8],
    abi_major: u32,
    abi_minor: u32,
    text: [u8; 24], // "id\nversion", padded to a multiple of four
}
#[used]
#[link_section = ".note.narthex"]
pub static NOTE: Note = Note {
    name_size: 8,
    desc_size: 32,
    note_type: 0x4e58,
    name: *b"NARTHEX\0",
    abi_major: ABI_MAJOR,
    abi_minor: ABI_MINOR,
    text: *b"org.example.square\n1.0.0",
};

#[no_mangle]
pub extern "C" fn narthex_plugin_v0() -> *const c_void {
    &PLUGIN as *const Constant<Plugin> as *const c_void
}
