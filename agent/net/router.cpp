// SPDX-License-Identifier: Apache-2.0
#include "net/router.hpp"

#include "net/target.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace narthex::net {

bool RouteEntry::begin_call() {
  const std::lock_guard lock(mutex_);
  if (retired_) return false;
  ++calls_;
  return true;
}

void RouteEntry::end_call() {
  const std::lock_guard lock(mutex_);
  if (--calls_ == 0) idle_.notify_all();
}

void RouteEntry::retire() {
  std::unique_lock lock(mutex_);
  retired_ = true;
  idle_.wait(lock, [this] { return calls_ == 0; });
}

namespace {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

// The next segment of path; the slash before it is dropped.
std::string_view next_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string_view segment = path.substr(0, end);
  path.remove_prefix(end);
  return segment;
}

enum class SegmentKind { kLiteral, kName, kRest };

SegmentKind kind_of(std::string_view segment, std::string& name) {
  if (segment.size() < 3 || segment.front() != '{' || segment.back() != '}') {
    return SegmentKind::kLiteral;
  }
  name = segment.substr(1, segment.size() - 2);
  if (!name.ends_with("...")) return SegmentKind::kName;
  name.resize(name.size() - 3);
  return SegmentKind::kRest;
}

}  // namespace

// The routes that end here, and where each further segment leads.
struct Router::Node {
  std::unordered_map<std::string, std::unique_ptr<Node>, TextHash, std::equal_to<>> literals;
  std::unique_ptr<Node> name;
  std::unique_ptr<Node> rest;
  std::vector<std::shared_ptr<RouteEntry>> entries;

  Node& child(SegmentKind kind, std::string_view segment) {
    std::unique_ptr<Node>& slot = kind == SegmentKind::kLiteral ? literals[std::string(segment)]
                                  : kind == SegmentKind::kName  ? name
                                                                : rest;
    if (slot == nullptr) slot = std::make_unique<Node>();
    return *slot;
  }

  // `path` begins with a slash or is empty. Values are collected as sent.
  const Node* find(std::string_view path, std::vector<std::string_view>& values) const {
    if (path.empty()) return entries.empty() ? nullptr : this;
    const std::string_view whole = path.substr(1);
    const std::string_view segment = next_segment(path);
    if (const auto literal = literals.find(segment); literal != literals.end()) {
      if (const Node* found = literal->second->find(path, values)) return found;
    }
    if (name != nullptr && !segment.empty()) {
      values.push_back(segment);
      if (const Node* found = name->find(path, values)) return found;
      values.pop_back();
    }
    if (rest == nullptr) return nullptr;
    values.push_back(whole);
    return rest.get();
  }

  std::shared_ptr<RouteEntry> entry(std::string_view method) const {
    for (const auto& candidate : entries) {
      if (candidate->route().method == method) return candidate;
    }
    return nullptr;
  }

  std::string allowed() const {
    std::vector<std::string> methods = {"OPTIONS"};
    for (const auto& candidate : entries) {
      methods.push_back(candidate->route().method);
      if (methods.back() == "GET" && candidate->route().head) methods.emplace_back("HEAD");
    }
    std::sort(methods.begin(), methods.end());
    methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
    std::string text;
    for (const std::string& method : methods) text += (text.empty() ? "" : ", ") + method;
    return text;
  }
};

namespace {

Params decode_values(const std::string& path, const std::vector<std::string_view>& values) {
  Params params;
  std::size_t index = 0;
  for (std::string_view rest = path; !rest.empty();) {
    std::string name;
    if (kind_of(next_segment(rest), name) == SegmentKind::kLiteral) continue;
    params.emplace_back(std::move(name), percent_decode(values[index++], false).value_or(""));
  }
  return params;
}

}  // namespace

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;

Status Router::add(Route route, RouteMetrics metrics) {
  if (route.path.empty() || route.path.front() != '/') {
    return invalid_argument("a route begins with a slash: " + route.path);
  }
  const std::unique_lock lock(mutex_);
  Node* node = root_.get();
  for (std::string_view rest = route.path; !rest.empty();) {
    const std::string_view segment = next_segment(rest);
    std::string name;
    const SegmentKind kind = kind_of(segment, name);
    if (kind == SegmentKind::kRest && !rest.empty()) {
      return invalid_argument("{" + name + "...} must be the end of a route: " + route.path);
    }
    node = &node->child(kind, segment);
  }
  if (node->entry(route.method) != nullptr) {
    return {NX_ERR_ALREADY_EXISTS, "route exists: " + route.method + " " + route.path};
  }
  node->entries.push_back(std::make_shared<RouteEntry>(std::move(route), std::move(metrics)));
  return {};
}

void Router::remove(std::string_view method, std::string_view path) {
  std::shared_ptr<RouteEntry> removed;
  {
    const std::unique_lock lock(mutex_);
    Node* node = root_.get();
    for (std::string_view rest = path; !rest.empty();) {
      const std::string_view segment = next_segment(rest);
      std::string name;
      node = &node->child(kind_of(segment, name), segment);
    }
    std::erase_if(node->entries, [&](const auto& entry) {
      if (entry->route().method != method || entry->route().path != path) return false;
      removed = entry;
      return true;
    });
  }
  if (removed != nullptr) removed->retire();
}

Match Router::find(std::string_view method, std::string_view path) const {
  Match match;
  if (path.empty() || path.front() != '/') return match;
  std::vector<std::string_view> values;
  const std::shared_lock lock(mutex_);
  const Node* node = root_->find(path, values);
  if (node == nullptr || node->entries.empty()) return match;
  match.entry = node->entry(method);
  if (match.entry == nullptr && method == "HEAD") {
    match.entry = node->entry("GET");
    if (match.entry != nullptr && !match.entry->route().head) match.entry = nullptr;
  }
  if (match.entry == nullptr) {
    match.allow = node->allowed();
    match.cors = node->entries.front()->route().cors;
    return match;
  }
  match.cors = match.entry->route().cors;
  match.path_params = decode_values(match.entry->route().path, values);
  return match;
}

}  // namespace narthex::net
