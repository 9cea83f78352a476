// SPDX-License-Identifier: Apache-2.0
// attribute_message.hpp - a KeyValue message: a name and the text of its AnyValue. Pure.
#pragma once

#include <narthex/sdk/protobuf_reader.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace narthex::ingest::otlp {

// Lists and maps become JSON, nested up to 64 levels.
std::pair<std::string, std::string> read_attribute(std::string_view message,
                                                   sdk::protobuf::Failure& failure);

}  // namespace narthex::ingest::otlp
