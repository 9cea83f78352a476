// SPDX-License-Identifier: Apache-2.0
#include "store/matcher.hpp"

#include "regex/regex.hpp"

#include <narthex/sdk/text.hpp>

#include <optional>
#include <utility>
#include <vector>

namespace narthex::store {

// The matcher as the ABI wants it, and what it looks at.
struct Matcher::Impl : nx_matcher {
  Impl(int the_op, std::string_view the_name, std::string_view the_value)
      : nx_matcher(), name_text(the_name), value_text(the_value) {
    struct_size = sizeof(nx_matcher);
    op = static_cast<std::uint32_t>(the_op);
    name = to_nx(name_text);
    value = to_nx(value_text);
    match = &match_many;
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void use(regex::Regex compiled) {
    regex = std::move(compiled);
    for (const std::string& literal : regex->literals()) literals.push_back(to_nx(literal));
    set = literals.data();
    set_count = literals.size();
    prefix = to_nx(regex->prefix());
  }
  bool accepts(std::string_view text) const {
    switch (op) {
      case NX_MATCH_EQ:
        return text == value_text;
      case NX_MATCH_NE:
        return text != value_text;
      case NX_MATCH_RE:
        return regex->matches(text);
      default:
        return !regex->matches(text);
    }
  }
  static void match_many(const nx_matcher* self, const nx_str* values, std::uint64_t count,
                         std::uint8_t* out) {
    const auto& impl = *static_cast<const Impl*>(self);
    for (std::uint64_t i = 0; i < count; ++i) out[i] = impl.accepts(view(values[i])) ? 1 : 0;
  }

  const std::string name_text;
  const std::string value_text;
  std::optional<regex::Regex> regex;
  std::vector<nx_str> literals;
};

Result<Matcher> Matcher::make(int op, std::string_view name, std::string_view value) {
  auto impl = std::make_shared<Impl>(op, name, value);
  if (op == NX_MATCH_RE || op == NX_MATCH_NRE) {
    Result<regex::Regex> compiled = regex::Regex::compile(value);
    if (!compiled.ok()) return compiled.status();
    impl->use(*std::move(compiled));
  }
  impl->matches_empty = impl->accepts({}) ? 1 : 0;
  Matcher matcher;
  matcher.impl_ = std::move(impl);
  return matcher;
}

std::string_view Matcher::name() const { return impl_->name_text; }
std::string_view Matcher::value() const { return impl_->value_text; }
int Matcher::op() const { return static_cast<int>(impl_->op); }
bool Matcher::matches(std::string_view value) const { return impl_->accepts(value); }
const nx_matcher* Matcher::raw() const { return impl_.get(); }

}  // namespace narthex::store
