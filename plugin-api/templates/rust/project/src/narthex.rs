// SPDX-License-Identifier: Apache-2.0
//! The border: the #[repr(C)] structs of narthex/plugin.h and what this plugin uses of the other
//! headers, field by field, and `guard`, which keeps panics on this side.
//!
//! Made for plugin ABI 0.1. Every `struct_size` is set by the side that makes the struct.
#![allow(dead_code)]

use std::{ffi::c_void, panic, ptr};

pub const ABI_MAJOR: u32 = 0;
pub const ABI_MINOR: u32 = 1;

pub const OK: i32 = 0;
pub const ERR_INVALID_ARGUMENT: i32 = -2;
pub const ERR_INVALID_DATA: i32 = -4;
pub const ERR_IO: i32 = -15;
pub const ERR_INTERNAL: i32 = -17;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    pub ptr: *const u8,
    pub len: u64,
}

pub const fn text(t: &'static str) -> Str {
    Str { ptr: t.as_ptr(), len: t.len() as u64 }
}

/// A view of borrowed text, for the length of one call.
pub fn lend(t: &[u8]) -> Str {
    Str { ptr: t.as_ptr(), len: t.len() as u64 }
}

#[repr(C)]
pub struct Error {
    pub struct_size: u32,
    pub code: i32,
    pub flags: u32,
    pub retry_after_ms: u32,
    pub text_len: u32,
    pub reserved0: u32,
    pub text: [u8; 488],
}

#[repr(C)]
pub struct Buffer {
    pub data: *const c_void,
    pub size: u64,
    pub retain: Option<unsafe extern "C" fn(*mut Buffer)>,
    pub release: Option<unsafe extern "C" fn(*mut Buffer)>,
    pub private: *mut c_void,
}

#[repr(C)]
pub struct Label {
    pub name: Str,
    pub value: Str,
}

#[repr(C)]
pub struct Interface {
    pub id: Str,
    pub vtable: *const c_void,
}

#[repr(C)]
pub struct Component {
    pub struct_size: u32,
    pub flags: u32,
    pub name: Str,
    pub summary: Str,
    pub config_schema: Str,
    pub interfaces: *const Interface,
    pub interface_count: u32,
    pub needs_count: u32,
    pub needs: *const Str,
    /// validate, create, start, reconfigure, stop, destroy: all optional.
    pub life_cycle: [*const c_void; 6],
}

#[repr(C)]
pub struct Plugin {
    pub struct_size: u32,
    pub abi_minor: u32,
    pub abi_minor_min: u32,
    pub reserved0: u32,
    pub id: Str,
    pub version: Str,
    pub vendor: Str,
    pub url: Str,
    pub license: Str,
    pub summary: Str,
    pub components: *const *const Component,
    pub component_count: u32,
    pub reserved1: u32,
    pub load: *const c_void,
    pub unload: *const c_void,
}

/// Constants full of pointers, which Rust would not share between threads by itself.
#[repr(transparent)]
pub struct Constant<T>(pub T);
unsafe impl<T> Sync for Constant<T> {}

/// The note that is read before anything of this file runs. N is the length of "id\nversion",
/// rounded up to a multiple of four; the rest of the text is zero.
#[repr(C)]
pub struct Note<const N: usize> {
    pub name_size: u32,
    pub desc_size: u32,
    pub note_type: u32,
    pub name: [u8; 8],
    pub abi_major: u32,
    pub abi_minor: u32,
    pub text: [u8; N],
}

pub const fn note_size(text: &str) -> usize {
    (text.len() + 1 + 3) / 4 * 4
}

pub const fn note<const N: usize>(text: &str) -> Note<N> {
    let bytes = text.as_bytes();
    let mut padded = [0u8; N];
    let mut i = 0;
    while i < bytes.len() {
        padded[i] = bytes[i];
        i += 1;
    }
    Note {
        name_size: 8,
        desc_size: 8 + N as u32,
        note_type: 0x4e58,
        name: *b"NARTHEX\0",
        abi_major: ABI_MAJOR,
        abi_minor: ABI_MINOR,
        text: padded,
    }
}

/// Fills in err, where there is one, and returns the status.
///
/// # Safety
/// err is NULL or what the host has lent for this call.
pub unsafe fn fail(err: *mut Error, status: i32, why: &str) -> i32 {
    if !err.is_null() {
        let mut size = why.len().min(488);
        while !why.is_char_boundary(size) {
            size -= 1;
        }
        ptr::copy_nonoverlapping(why.as_ptr(), ptr::addr_of_mut!((*err).text) as *mut u8, size);
        (*err).text_len = size as u32;
        (*err).code = status;
        (*err).flags = 0;
        (*err).retry_after_ms = 0;
    }
    status
}

/// Runs the body of an `extern "C"` function: a panic becomes NX_ERR_INTERNAL.
///
/// # Safety
/// As fail().
pub unsafe fn guard(err: *mut Error, body: impl FnOnce() -> Result<(), (i32, String)>) -> i32 {
    match panic::catch_unwind(panic::AssertUnwindSafe(body)) {
        Ok(Ok(())) => OK,
        Ok(Err((status, why))) => fail(err, status, &why),
        Err(_) => fail(err, ERR_INTERNAL, "the plugin panicked"),
    }
}
