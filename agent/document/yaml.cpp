// SPDX-License-Identifier: Apache-2.0
// YAML over yaml-cpp's events. Its node API would lose key positions and keep what it should
// refuse; with events the tree is built in one pass, and an alias bomb is weighed, not expanded.
#include "document/tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <exception>
#include <istream>
#include <streambuf>
#include <unordered_map>

namespace narthex::document {

namespace {

// Ends yaml-cpp's parsing from inside an event; the builder has the finding.
struct Refused : std::exception {};

// A stream over text that somebody else keeps.
class TextBuffer : public std::streambuf {
 public:
  explicit TextBuffer(std::string_view text) {
    char* first = const_cast<char*>(text.data());  // never written: only gets are used
    setg(first, first, first + text.size());
  }
};

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

class TreeHandler : public YAML::EventHandler {
 public:
  TreeHandler(const Tree& tree, TreeBuilder& builder) : tree_(tree), builder_(builder) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const Where where{offset(mark), 0, 0};
    if (builder_.expects_key()) stop(where, "yaml: a key must not be empty");
    nx_value value{};
    go(builder_.add_scalar(value, where));
    if (anchor != 0) anchors_[anchor] = {value, where, weighed(value)};
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const Where where{offset(mark), 0, 0};
    if (builder_.expects_key()) stop(where, "yaml: a key must not be an alias");
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) stop(where, "yaml: the anchor's value contains this alias");
    alias_nodes_ += found->second.weight.nodes;
    alias_bytes_ += found->second.weight.bytes;
    if (alias_nodes_ > kAliasNodesMax || alias_bytes_ > kAliasBytesMax) {
      stop(where, "yaml: the document's aliases expand to too much (alias bomb)");
    }
    go(builder_.add(found->second.value, found->second.where, found->second.weight));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    const bool quoted = tag == "!";
    Where where{find(offset(mark), text, quoted), static_cast<std::uint32_t>(text.size()), quoted};
    if (builder_.expects_key()) return key(where, text, quoted);
    nx_value value = typed(where, tag, text);
    go(builder_.add_scalar(value, where));
    if (anchor != 0) anchors_[anchor] = {value, where, weighed(value)};
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(false, mark, anchor);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(true, mark, anchor);
  }
  void OnMapEnd() override { end(); }

 private:
  struct Anchored {
    nx_value value;
    Where where;
    Weight weight;
  };

  [[noreturn]] void stop(Where where, std::string text) {
    builder_.refuse(where.offset, std::move(text));
    throw Refused();
  }
  static void go(bool goes_on) {
    if (!goes_on) throw Refused();
  }
  std::uint32_t offset(const YAML::Mark& mark) const {
    return tree_.offset_of(static_cast<std::uint32_t>(mark.line + 1),
                           static_cast<std::uint32_t>(mark.column + 1), false);
  }

  // yaml-cpp marks a scalar where its anchor or tag begins; the text itself is further on.
  std::uint32_t find(std::uint32_t at, const std::string& text, bool quoted) const {
    const std::string_view rest = tree_.text().substr(at);
    if (quoted || rest.starts_with(text) || rest.empty()) return at;
    if (rest[0] != '&' && rest[0] != '!') return at;
    const std::size_t found = rest.find(text, 1);
    return found == std::string_view::npos ? at : at + static_cast<std::uint32_t>(found);
  }

  nx_value typed(Where where, const std::string& tag, const std::string& text) {
    std::string_view name = tag;
    bool plain = name == "?" || name.empty();
    if (name.starts_with(kTagPrefix)) {
      name.remove_prefix(kTagPrefix.size());
      plain = name == "int" || name == "float" || name == "bool" || name == "null";
      if (!plain && name != "str") stop(where, "yaml: unsupported tag !!" + std::string(name));
    } else if (!plain && name != "!") {
      stop(where, "yaml: unsupported tag " + tag);
    }
    if (!plain) return builder_.string(text);
    const nx_value value = resolve_plain(text);
    return value.type == NX_STRING ? builder_.string(text) : value;
  }

  void key(Where where, const std::string& text, bool quoted) {
    if (text == "<<" && !quoted) {
      builder_.note(where.offset, "yaml: merge keys (<<) are not supported", "write the keys out");
    }
    go(builder_.key(text, where));
  }

  static Weight weighed(nx_value value) {
    Weight weight;
    if (value.type == NX_STRING) weight.bytes += value.len;
    return weight;
  }

  void begin(bool table, const YAML::Mark& mark, YAML::anchor_t anchor) {
    const Where where{offset(mark), 1, 0};
    // yaml-cpp also takes an unclosed bracket for a key.
    if (builder_.expects_key()) stop(where, "yaml: a bracket is not closed, or a key not a scalar");
    go(builder_.begin(table, where));
    open_.push_back({anchor, where});
  }

  void end() {
    Anchored ended{{}, open_.back().where, {}};
    go(builder_.end(ended.value, ended.weight));
    if (open_.back().anchor != 0) anchors_[open_.back().anchor] = ended;
    open_.pop_back();
  }

  struct Open {
    YAML::anchor_t anchor;
    Where where;
  };
  const Tree& tree_;
  TreeBuilder& builder_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  std::uint64_t alias_nodes_ = 0;
  std::uint64_t alias_bytes_ = 0;
};

std::string_view hint_for(std::string_view line) {
  const std::size_t text = line.find_first_not_of(' ');
  if (text != std::string_view::npos && line[text] == '\t') return "indent with blanks, not tabs";
  return {};
}

bool refuse(const Tree& tree, TreeBuilder& builder, const YAML::Exception& error) {
  if (error.mark.is_null()) return builder.refuse(0, "yaml: " + error.msg);
  const auto line = static_cast<std::uint32_t>(error.mark.line + 1);
  const std::uint32_t at =
      tree.offset_of(line, static_cast<std::uint32_t>(error.mark.column + 1), false);
  return builder.refuse(at, "yaml: " + error.msg, std::string(hint_for(tree.line_text(line))));
}

}  // namespace

bool parse_yaml(const Tree& tree, TreeBuilder& builder, std::vector<Finding>& findings) {
  TextBuffer buffer(tree.text());
  std::istream stream(&buffer);
  try {
    YAML::Parser parser(stream);
    TreeHandler handler(tree, builder);
    parser.HandleNextDocument(handler);
    if (parser) {
      Finding finding = tree.finding(0, "yaml: only the first document of the file is read");
      finding.warning = true;
      finding.line_text.clear();
      findings.push_back(std::move(finding));
    }
    return true;
  } catch (const Refused&) {
    return false;
  } catch (const YAML::Exception& error) {
    return refuse(tree, builder, error);
  } catch (const std::exception& error) {
    return builder.refuse(0, std::string("yaml: ") + error.what());
  }
}

}  // namespace narthex::document
