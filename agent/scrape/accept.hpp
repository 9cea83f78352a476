// SPDX-License-Identifier: Apache-2.0
// accept.hpp - content negotiation: what we ask for, and which parser takes what came.
// A ParserSet is immutable and thread-safe.
#pragma once

#include "host/instance.hpp"

#include <narthex/protocol.h>
#include <narthex/sdk/result.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace narthex::scrape {

// A protocol plugin, ready to be called.
class BodyParser {
 public:
  explicit BodyParser(std::shared_ptr<host::Instance> instance);

  const nx_parser& table() const { return *table_; }
  host::Instance& instance() const { return *instance_; }
  const host::CallSite& parse_site() const { return parse_; }
  const host::CallSite& labels_site() const { return labels_; }

 private:
  std::shared_ptr<host::Instance> instance_;
  const nx_parser* table_;
  host::CallSite parse_, labels_;
};

class ParserSet {
 public:
  explicit ParserSet(const std::vector<std::shared_ptr<host::Instance>>& instances);

  // The Accept header for scrape_protocols (empty: Prometheus's default order), in the order given.
  // Protocols that no parser reads are left out.
  std::string accept(const std::vector<std::string>& protocols, std::string_view escaping) const;

  struct Choice {
    const BodyParser* parser = nullptr;
    std::string warning;  // why the fallback was needed
  };
  // The parser for a Content-Type as received; fallback is a name of scrape_protocols, or empty.
  // Messages are those of Prometheus.
  Result<Choice> choose(std::string_view content_type, std::string_view fallback) const;

  std::span<const std::unique_ptr<BodyParser>> parsers() const { return parsers_; }

 private:
  struct Type {
    std::string media;     // "text/plain"
    std::string full;      // "text/plain;version=0.0.4"
    std::string protocol;  // "PrometheusText0.0.4"
    const BodyParser* parser;
  };
  const Type* by_protocol(std::string_view protocol) const;
  const BodyParser* by_media(std::string_view media) const;

  std::vector<std::unique_ptr<BodyParser>> parsers_;
  std::vector<Type> types_;
};

}  // namespace narthex::scrape
