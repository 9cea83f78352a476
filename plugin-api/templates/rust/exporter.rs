// SPDX-License-Identifier: Apache-2.0
//! An exporter: the load averages of this machine.
mod narthex;

use narthex::*;
use std::{ffi::c_void, fs, mem::size_of, ptr};

const TYPE_GAUGE: u32 = 2;

type SampleFn =
    unsafe extern "C" fn(*const Collection, u32, *const Label, u32, f64, i64) -> i32;

/// nx_collection up to what is used here; the rest of the struct stays behind it.
#[repr(C)]
pub struct Collection {
    struct_size: u32,
    reserved0: u32,
    private: *mut c_void,
    deadline_mono_ns: i64,
    family: unsafe extern "C" fn(*const Collection, u32, Str, Str, Str) -> u32,
    sample: SampleFn,
}

#[repr(C)]
pub struct Exporter {
    struct_size: u32,
    default_interval_ms: u32,
    collect: unsafe extern "C" fn(*mut c_void, *const Collection, *mut Error) -> i32,
}

/// The host calls this once an interval, on a worker, and adds `up`, job and instance.
unsafe extern "C" fn collect(_: *mut c_void, c: *const Collection, err: *mut Error) -> i32 {
    guard(err, || {
        let loads = fs::read_to_string("/proc/loadavg").map_err(|e| (ERR_IO, e.to_string()))?;
        let family = ((*c).family)(
            c,
            TYPE_GAUGE,
            text("@NAME@_load"),
            text(""),
            text("Load average of the machine."),
        );
        for (window, word) in ["1m", "5m", "15m"].iter().zip(loads.split_whitespace()) {
            let load: f64 = word
                .parse()
                .map_err(|_| (ERR_INVALID_DATA, format!("/proc/loadavg has {word}")))?;
            let label = Label { name: text("window"), value: text(window) };
            ((*c).sample)(c, family, &label, 1, load, 0);
        }
        Ok(())
    })
}

static EXPORTER: Exporter = Exporter {
    struct_size: size_of::<Exporter>() as u32,
    default_interval_ms: 0,
    collect,
};
static INTERFACES: Constant<[Interface; 1]> = Constant([Interface {
    id: text("narthex.exporter/1"),
    vtable: &EXPORTER as *const Exporter as *const c_void,
}]);

static COMPONENT: Constant<Component> = Constant(Component {
    struct_size: size_of::<Component>() as u32,
    flags: 0,
    name: text("@NAME@"),
    summary: text("Load averages"),
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
    summary: text("Load averages, in Rust"),
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
