// SPDX-License-Identifier: Apache-2.0
#include "host/crash_journal.hpp"

#include "document/document.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

namespace narthex::host {
namespace {

constexpr std::size_t kKeptBytes = 64 << 10;

using Facts = std::map<std::string, std::string, std::less<>>;

// key=value and key="value with spaces"; nothing where a line is torn.
std::optional<Facts> parse_facts(std::string_view rest) {
  Facts facts;
  while (!rest.empty()) {
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view key = rest.substr(0, equals);
    rest.remove_prefix(equals + 1);
    const bool quoted = rest.starts_with('"');
    if (quoted) rest.remove_prefix(1);
    const std::size_t end = rest.find(quoted ? '"' : ' ');
    if (quoted && end == std::string_view::npos) return std::nullopt;
    facts.emplace(key, rest.substr(0, end));
    rest.remove_prefix(
        std::min(rest.size(), end == std::string_view::npos ? rest.size() : end + 1));
    if (quoted && rest.starts_with(' ')) rest.remove_prefix(1);
  }
  return facts;
}

std::string fact(const Facts& facts, std::string_view key) {
  const auto at = facts.find(key);
  return at != facts.end() ? at->second : std::string();
}

std::int64_t number_fact(const Facts& facts, std::string_view key) {
  const std::string text = fact(facts, key);
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Crash crash_of(const Facts& facts) {
  Crash crash;
  crash.time_ms = number_fact(facts, "time_ms");
  crash.signal = fact(facts, "signal");
  crash.address = fact(facts, "address");
  crash.plugin = fact(facts, "plugin");
  crash.instance = fact(facts, "instance");
  crash.entry = fact(facts, "entry");
  crash.module = fact(facts, "module");
  crash.offset = fact(facts, "offset");
  crash.build_id = fact(facts, "build_id");
  crash.isolated = fact(facts, "process") == "plugin-host";
  crash.fresh = true;
  return crash;
}

void take_line(std::string_view line, CrashHistory& history) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return;
  const std::string_view word = line.substr(0, space);
  const std::optional<Facts> facts = parse_facts(line.substr(space + 1));
  if (!facts.has_value()) return;
  if (word == "START") {
    for (Crash& crash : history.crashes) crash.fresh = false;
  } else if (word == "FATAL" && facts->contains("plugin")) {
    history.crashes.push_back(crash_of(*facts));
  } else if (word == "TRACE" && !history.crashes.empty()) {
    history.crashes.back().stack = fact(*facts, "stack");
  } else if (word == "RELEASE") {
    history.released[fact(*facts, "plugin")] = number_fact(*facts, "time_ms");
  }
}

Status journal_error(const std::string& path, const char* what) {
  return {NX_ERR_IO, std::string(what) + ' ' + path + ": " + std::strerror(errno)};
}

Status append_line(const std::string& path, const std::string& line) {
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return journal_error(path, "cannot open");
  const bool whole = ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  const Status status = whole ? Status() : journal_error(path, "cannot write");
  ::close(file);
  return status;
}

Result<std::string> read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return errno == ENOENT ? Result<std::string>(std::string())
                           : journal_error(path, "cannot read");
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// The newest lines, written beside the file and put in its place.
Status keep_newest(const std::string& path, std::string_view text) {
  const std::size_t cut = text.find('\n', text.size() - kKeptBytes);
  const std::string_view kept = text.substr(cut == std::string_view::npos ? text.size() : cut + 1);
  const std::string beside = path + ".new";
  ::unlink(beside.c_str());
  if (Status status = append_line(beside, std::string(kept)); !status.ok()) return status;
  if (::rename(beside.c_str(), path.c_str()) != 0) return journal_error(path, "cannot replace");
  return Status();
}

// The crashes that count against a plugin: of the agent, by the newest build, since its release.
std::vector<const Crash*> counted(const CrashHistory& history, const std::string& plugin) {
  const auto released = history.released.find(plugin);
  std::vector<const Crash*> all;
  for (const Crash& crash : history.crashes) {
    if (crash.plugin != plugin || crash.isolated) continue;
    if (released != history.released.end() && crash.time_ms <= released->second) continue;
    all.push_back(&crash);
  }
  if (all.empty()) return all;
  const std::string& newest = all.back()->build_id;
  std::erase_if(all, [&](const Crash* c) { return c->build_id != newest; });
  return all;
}

}  // namespace

std::string Crash::text() const {
  std::string out = signal;
  if (!offset.empty()) out += " at " + (module.empty() ? std::string("?") : module) + '+' + offset;
  if (!entry.empty()) out += " in " + entry;
  if (!instance.empty()) out += " of " + instance;
  if (entry.empty() && !plugin.empty()) out += " on a thread of " + plugin;
  return out;
}

CrashHistory parse_crash_journal(std::string_view text) {
  CrashHistory history;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) break;  // torn
    take_line(text.substr(0, end), history);
    text.remove_prefix(end + 1);
  }
  return history;
}

Result<CrashHistory> read_crash_journal(const std::string& path) {
  const Result<std::string> text = read_text(path);
  if (!text.ok()) return text.status();
  return parse_crash_journal(*text);
}

Status begin_crash_journal(const std::string& path, std::int64_t now_ms) {
  const Result<std::string> text = read_text(path);
  if (!text.ok()) return text.status();
  if (text->size() > kKeptBytes) {
    if (Status status = keep_newest(path, *text); !status.ok()) return status;
  }
  // After a torn line the next one would be lost with it.
  const std::string before = text->empty() || text->ends_with('\n') ? "" : "\n";
  return append_line(path, before + "START time_ms=" + std::to_string(now_ms) +
                               " pid=" + std::to_string(::getpid()) + '\n');
}

Status append_crash(const std::string& path, const Crash& crash) {
  std::string line = "FATAL time_ms=" + std::to_string(crash.time_ms);
  const auto fact_of = [&](const char* key, std::string value) {
    for (char& c : value) {
      if (static_cast<unsigned char>(c) < 0x20 || c == '"') c = '_';
    }
    line += std::string(" ") + key + "=\"" + value + '"';
  };
  fact_of("signal", crash.signal);
  fact_of("process", crash.isolated ? "plugin-host" : "agent");
  fact_of("plugin", crash.plugin);
  fact_of("instance", crash.instance);
  fact_of("entry", crash.entry);
  fact_of("build_id", crash.build_id);
  return append_line(path, line + '\n');
}

Status release_plugin(const std::string& path, std::string_view plugin, std::int64_t now_ms) {
  const Result<CrashHistory> history = read_crash_journal(path);
  if (!history.ok()) return history.status();
  const bool known = std::ranges::any_of(
      history->crashes, [&](const Crash& crash) { return crash.plugin == plugin; });
  if (!known) return not_found(path + " tells of no crash of " + std::string(plugin));
  return append_line(path, "RELEASE time_ms=" + std::to_string(now_ms) + " plugin=\"" +
                               std::string(plugin) + "\"\n");
}

std::vector<Quarantined> judge_crashes(const CrashHistory& history,
                                       const QuarantinePolicy& policy) {
  std::vector<Quarantined> all;
  if (!policy.on || policy.crashes_max == 0) return all;
  std::map<std::string, std::vector<const Crash*>> by_plugin;
  for (const Crash& crash : history.crashes) {
    if (!crash.plugin.empty()) by_plugin.try_emplace(crash.plugin);
  }
  for (auto& [plugin, crashes] : by_plugin) {
    crashes = counted(history, plugin);
    for (std::size_t last = policy.crashes_max - 1; last < crashes.size(); ++last) {
      const Crash& first = *crashes[last + 1 - policy.crashes_max];
      if (crashes[last]->time_ms - first.time_ms > policy.window_ms) continue;
      all.push_back({plugin, crashes[last]->build_id,
                     std::to_string(policy.crashes_max) + " crashes within " +
                         document::format_duration_ms(policy.window_ms) +
                         ", the last one: " + crashes[last]->text(),
                     crashes[last]->time_ms});
      break;
    }
  }
  return all;
}

}  // namespace narthex::host
