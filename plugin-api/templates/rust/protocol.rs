// SPDX-License-Identifier: Apache-2.0
//! A scrape parser: "name value" on each line.
mod narthex;

use narthex::*;
use std::{ffi::c_void, mem::size_of, ptr, slice, str};

#[repr(C)]
pub struct ParseOpts {
    struct_size: u32,
    flags: u32,
    content_type: Str,
    default_t: i64,
    max_rows: u32,
    reserved0: u32,
}

#[repr(C)]
pub struct SampleBatch {
    struct_size: u32,
    flags: u32,
    rows: u64,
    reference: *const u64,
    series: *const u32,
    table: *const c_void,
    t: *const i64,
    st: *const i64,
    v: *const f64,
    h: *const u32,
    hists: *const c_void,
    exemplars: *const c_void,
    meta: *const c_void,
    hist_count: u32,
    exemplar_count: u32,
    meta_count: u32,
    reserved0: u32,
    owner: *const c_void,
    layout: u64,
    present: *const u64,
}

#[repr(C)]
pub struct Parsed {
    struct_size: u32,
    reserved0: u32,
    key: *const Str,
    key_hash: *const u64,
    batch: *const SampleBatch,
    own_t: *const u64,
}

#[repr(C)]
pub struct SeriesTable {
    struct_size: u32,
    series_count: u32,
    symbol_count: u32,
    reserved0: u32,
    symbols: *const Str,
    label_ref: *const u32,
    label_off: *const u32,
    symbol_id: *const u32,
}

type ParsedSink = unsafe extern "C" fn(*mut c_void, *const Parsed) -> i32;
type SeriesSink = unsafe extern "C" fn(*mut c_void, *const SeriesTable);

#[repr(C)]
pub struct Parser {
    struct_size: u32,
    reserved0: u32,
    content_types: *const Str,
    content_type_count: u64,
    protocol_names: *const Str,
    parse: unsafe extern "C" fn(
        *mut c_void,
        *mut Scratch,
        *mut Buffer,
        *const ParseOpts,
        ParsedSink,
        *mut c_void,
        *mut Error,
    ) -> i32,
    labels: unsafe extern "C" fn(
        *mut c_void,
        *mut Scratch,
        *const Str,
        u64,
        SeriesSink,
        *mut c_void,
        *mut Error,
    ) -> i32,
    scratch_new: unsafe extern "C" fn(*mut c_void) -> *mut Scratch,
    scratch_free: unsafe extern "C" fn(*mut Scratch),
}

/// Working memory of one thread at a time, kept from body to body.
#[derive(Default)]
pub struct Scratch {
    keys: Vec<Str>,
    times: Vec<i64>,
    values: Vec<f64>,
}

unsafe extern "C" fn scratch_new(_: *mut c_void) -> *mut Scratch {
    Box::into_raw(Box::default())
}

unsafe extern "C" fn scratch_free(scratch: *mut Scratch) {
    drop(Box::from_raw(scratch));
}

impl Scratch {
    fn clear(&mut self) {
        self.keys.clear();
        self.times.clear();
        self.values.clear();
    }
}

unsafe fn flush(s: *mut Scratch, sink: ParsedSink, ctx: *mut c_void) -> Result<(), (i32, String)> {
    if (*s).keys.is_empty() {
        return Ok(());
    }
    let batch = SampleBatch {
        struct_size: size_of::<SampleBatch>() as u32,
        flags: 0,
        rows: (*s).keys.len() as u64,
        reference: ptr::null(),
        series: ptr::null(),
        table: ptr::null(),
        t: (*s).times.as_ptr(),
        st: ptr::null(),
        v: (*s).values.as_ptr(),
        h: ptr::null(),
        hists: ptr::null(),
        exemplars: ptr::null(),
        meta: ptr::null(),
        hist_count: 0,
        exemplar_count: 0,
        meta_count: 0,
        reserved0: 0,
        owner: ptr::null(),
        layout: 0,
        present: ptr::null(),
    };
    let parsed = Parsed {
        struct_size: size_of::<Parsed>() as u32,
        reserved0: 0,
        key: (*s).keys.as_ptr(),
        key_hash: ptr::null(),
        batch: &batch,
        own_t: ptr::null(),
    };
    let status = sink(ctx, &parsed);
    (*s).clear();
    if status == OK {
        Ok(())
    } else {
        Err((status, "the host stopped the parsing".into()))
    }
}

/// A name of letters, digits, '_' and ':', a blank, a number. Err: the column that is wrong.
fn read_line(line: &[u8]) -> Result<(&[u8], f64), usize> {
    let good = |c: &u8| c.is_ascii_alphanumeric() || *c == b'_' || *c == b':';
    let size = line.iter().take_while(|c| good(c)).count();
    if size == 0 || line.get(size) != Some(&b' ') {
        return Err(size + 1);
    }
    let number = str::from_utf8(&line[size + 1..]).map_err(|_| size + 2)?;
    Ok((&line[..size], number.parse().map_err(|_| size + 2)?))
}

/// First phase: the bytes that name a series, and its value. Most series are known by their bytes.
unsafe extern "C" fn parse(
    _: *mut c_void,
    s: *mut Scratch,
    body: *mut Buffer,
    opts: *const ParseOpts,
    sink: ParsedSink,
    ctx: *mut c_void,
    err: *mut Error,
) -> i32 {
    guard(err, || {
        (*s).clear();
        let size = (*body).size as usize;
        if size == 0 {
            return Ok(());
        }
        let text = slice::from_raw_parts((*body).data as *const u8, size);
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let most = if (*opts).max_rows == 0 { 4096 } else { (*opts).max_rows as usize };
        for (number, line) in text.split(|c| *c == b'\n').enumerate() {
            let (name, value) = read_line(line).map_err(|column| {
                let line = number + 1;
                let why = format!("line {line}, column {column}: expected a name and a value");
                (ERR_INVALID_DATA, why)
            })?;
            (*s).keys.push(lend(name));
            (*s).times.push((*opts).default_t);
            (*s).values.push(value);
            if (*s).keys.len() == most {
                flush(s, sink, ctx)?;
            }
        }
        flush(s, sink, ctx)
    })
}

/// Second phase, for series that the host has not seen before: their labels.
unsafe extern "C" fn labels(
    _: *mut c_void,
    _: *mut Scratch,
    keys: *const Str,
    count: u64,
    sink: SeriesSink,
    ctx: *mut c_void,
    err: *mut Error,
) -> i32 {
    guard(err, || {
        let keys = slice::from_raw_parts(keys, count as usize);
        let mut symbols = vec![text("__name__")];
        symbols.extend_from_slice(keys);
        let label_ref: Vec<u32> = (1..=count as u32).flat_map(|i| [0, i]).collect();
        let label_off: Vec<u32> = (0..=count as u32).collect();
        let table = SeriesTable {
            struct_size: size_of::<SeriesTable>() as u32,
            series_count: count as u32,
            symbol_count: symbols.len() as u32,
            reserved0: 0,
            symbols: symbols.as_ptr(),
            label_ref: label_ref.as_ptr(),
            label_off: label_off.as_ptr(),
            symbol_id: ptr::null(),
        };
        sink(ctx, &table);
        Ok(())
    })
}

static CONTENT_TYPES: Constant<[Str; 1]> = Constant([text("text/x-@NAME@")]);
static PROTOCOL_NAMES: Constant<[Str; 1]> = Constant([text("@CLASS@")]);
static PARSER: Constant<Parser> = Constant(Parser {
    struct_size: size_of::<Parser>() as u32,
    reserved0: 0,
    content_types: &CONTENT_TYPES.0 as *const Str,
    content_type_count: 1,
    protocol_names: &PROTOCOL_NAMES.0 as *const Str,
    parse,
    labels,
    scratch_new,
    scratch_free,
});
static INTERFACES: Constant<[Interface; 1]> = Constant([Interface {
    id: text("narthex.parser/1"),
    vtable: &PARSER as *const Constant<Parser> as *const c_void,
}]);

static COMPONENT: Constant<Component> = Constant(Component {
    struct_size: size_of::<Component>() as u32,
    flags: 0,
    name: text("@NAME@"),
    summary: text("Lines of names and values"),
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
    summary: text("Lines of names and values, in Rust"),
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
