// SPDX-License-Identifier: Apache-2.0
// value_codec.hpp - nx_value trees as bytes and back, every type and bit kept: what the state
// service writes into its files. The bytes carry a checksum; damaged ones are refused. Pure.
//
//   file  = "NXS1" crc32(node) node          all integers little-endian
//   node  = type:u8 flags:u8 payload
//   payload: bool, int, time, float: u64; string: u32 bytes; array: u32 node*; table: u32 (string
//   node)*
#pragma once

#include <narthex/plugin.h>
#include <narthex/sdk/result.hpp>
#include <narthex/sdk/value.hpp>

#include <string>
#include <string_view>

namespace narthex::host {

// NX_ERR_INVALID_ARGUMENT: deeper than 64 levels.
Result<std::string> encode_value(const nx_value& value);
// NX_ERR_CORRUPT when bytes are not what encode_value() wrote. Memory belongs to arena.
Result<nx_value> decode_value(std::string_view bytes, sdk::TreeArena& arena);

}  // namespace narthex::host
