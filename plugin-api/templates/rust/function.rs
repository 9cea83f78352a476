// SPDX-License-Identifier: Apache-2.0
//! A PromQL function: @NAME@(instant-vector), the second power of each value.
mod narthex;

use narthex::*;
use std::{ffi::c_void, mem::size_of, ptr, slice};

const ARG_VECTOR: u32 = 3;
const FN_ELEMENTWISE: u32 = 2;

#[repr(C)]
pub struct ElemIn {
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
pub struct ElemOut {
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
    *mut Error,
) -> i32;

#[repr(C)]
pub struct Function {
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
pub struct FunctionSet {
    struct_size: u32,
    count: u32,
    functions: *const *const Function,
}

/// Absent elements hold 0.0 and stay absent, so the loop needs no test.
unsafe extern "C" fn square(
    _: *mut c_void,
    _: *const c_void,
    input: *const ElemIn,
    output: *const ElemOut,
    err: *mut Error,
) -> i32 {
    guard(err, || {
        let n = (*input).n as usize;
        let from = slice::from_raw_parts((*input).v, n);
        let to = slice::from_raw_parts_mut((*output).v, n);
        for (y, x) in to.iter_mut().zip(from) {
            *y = x * x;
        }
        Ok(())
    })
}

static PARAMS: [u32; 1] = [ARG_VECTOR];
static FUNCTION: Constant<Function> = Constant(Function {
    struct_size: size_of::<Function>() as u32,
    flags: 0,
    kind: FN_ELEMENTWISE,
    returns: ARG_VECTOR,
    name: text("@NAME@"),
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
    name: text("@NAME@"),
    summary: text("A PromQL function"),
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
    id: text("@ID@"),
    version: text("1.0.0"),
    vendor: text(""),
    url: text(""),
    license: text("Apache-2.0"),
    summary: text("A PromQL function, in Rust"),
    components: &COMPONENTS.0 as *const *const Component,
    component_count: 1,
    reserved1: 0,
    load: ptr::null(),
    unload: ptr::null(),
});

#[used]
#[link_section = ".note.narthex"]
pub static NOTE: Note<{ note_size("@ID@\n1.0.0") }> = note("@ID@\n1.0.0");

#[no_mangle]
pub extern "C" fn narthex_plugin_v0() -> *const c_void {
    &PLUGIN as *const Constant<Plugin> as *const c_void
}
