// SPDX-License-Identifier: Apache-2.0
// report.cpp - a report for people, for CI servers (JUnit), and for programs (JSON).
#include "check/check.hpp"
#include "check/rules.hpp"
#include "host/utf8.hpp"

#include <narthex/sdk/json.hpp>

#include <cstdio>
#include <map>

namespace narthex::check {
namespace {

std::string place_of(const Outcome& o) {
  return o.group + '/' + o.name + (o.component.empty() ? "" : ' ' + o.component);
}

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", seconds);
  return text;
}

std::string xml(std::string_view text) {
  std::string out;
  for (const char c : host::as_utf8(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
  return out;
}

std::string advice_of(const Finding& finding) {
  const Rule* const rule = find_rule(finding.rule);
  return rule != nullptr ? std::string(rule->advice) : std::string();
}

}  // namespace

std::string outcome_text(const Outcome& o) {
  const std::string_view mark = !o.findings.empty()  ? "FOUND"
                                : !o.skipped.empty() ? "skip "
                                                     : "ok   ";
  std::string text = std::string(mark) + ' ' + place_of(o) + "  " + seconds_text(o.seconds) + " s";
  if (!o.skipped.empty()) text += "  (" + o.skipped + ')';
  text += '\n';
  for (const Finding& finding : o.findings) {
    text += "      " + finding.rule + "  " + finding.text + '\n';
    if (const Rule* rule = find_rule(finding.rule)) {
      text += "        rule: " + std::string(rule->text) + '\n';
      text += "        do:   " + std::string(rule->advice) + '\n';
    }
  }
  for (const std::string& note : o.notes) text += "      " + note + '\n';
  return text;
}

std::string summary_text(const Report& report) {
  std::size_t passed = 0;
  std::size_t skipped = 0;
  for (const Outcome& each : report.outcomes) {
    passed += each.passed();
    skipped += !each.skipped.empty() && each.findings.empty();
  }
  std::string text = report.id.empty() ? report.file : report.id + ' ' + report.version;
  text += ": " + std::to_string(report.finding_count()) + " findings; " + std::to_string(passed) +
          " checks passed, " + std::to_string(skipped) + " skipped; seed " +
          std::to_string(report.seed) + '\n';
  return text;
}

std::string to_json(const Report& report) {
  std::string out = "{\"file\":";
  sdk::append_json_text(out, report.file);
  sdk::append_json_text(out += ",\"id\":", report.id);
  sdk::append_json_text(out += ",\"version\":", report.version);
  out += ",\"seed\":" + std::to_string(report.seed);
  out += ",\"findings\":" + std::to_string(report.finding_count()) + ",\"checks\":[";
  for (const Outcome& o : report.outcomes) {
    if (&o != &report.outcomes.front()) out += ',';
    sdk::append_json_text(out += "{\"group\":", o.group);
    sdk::append_json_text(out += ",\"name\":", o.name);
    sdk::append_json_text(out += ",\"component\":", o.component);
    out += ",\"seconds\":" + seconds_text(o.seconds);
    sdk::append_json_text(out += ",\"result\":", !o.findings.empty()  ? "found"
                                                 : !o.skipped.empty() ? "skipped"
                                                                      : "passed");
    sdk::append_json_text(out += ",\"skipped\":", o.skipped);
    out += ",\"findings\":[";
    for (const Finding& finding : o.findings) {
      if (&finding != &o.findings.front()) out += ',';
      sdk::append_json_text(out += "{\"rule\":", finding.rule);
      sdk::append_json_text(out += ",\"text\":", finding.text);
      sdk::append_json_text(out += ",\"advice\":", advice_of(finding));
      out += '}';
    }
    out += "],\"notes\":[";
    for (const std::string& note : o.notes) {
      if (&note != &o.notes.front()) out += ',';
      sdk::append_json_text(out, note);
    }
    out += "]}";
  }
  return out + "]}\n";
}

std::string to_junit(const Report& report) {
  std::map<std::string, std::vector<const Outcome*>> groups;
  for (const Outcome& o : report.outcomes) groups[o.group].push_back(&o);
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"" +
                    xml(report.id.empty() ? report.file : report.id) + "\">\n";
  for (const auto& [group, list] : groups) {
    std::size_t failures = 0;
    std::size_t skipped = 0;
    for (const Outcome* o : list) {
      failures += !o->findings.empty();
      skipped += o->findings.empty() && !o->skipped.empty();
    }
    out += "  <testsuite name=\"" + xml(group) + "\" tests=\"" + std::to_string(list.size()) +
           "\" failures=\"" + std::to_string(failures) + "\" skipped=\"" + std::to_string(skipped) +
           "\">\n";
    for (const Outcome* o : list) {
      out += "    <testcase classname=\"" + xml(o->component.empty() ? group : o->component) +
             "\" name=\"" + xml(o->name) + "\" time=\"" + seconds_text(o->seconds) + "\">";
      for (const Finding& finding : o->findings) {
        out += "<failure type=\"" + xml(finding.rule) + "\" message=\"" + xml(finding.text) +
               "\">" + xml(advice_of(finding)) + "</failure>";
      }
      if (o->findings.empty() && !o->skipped.empty()) {
        out += "<skipped message=\"" + xml(o->skipped) + "\"/>";
      }
      out += "</testcase>\n";
    }
    out += "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

}  // namespace narthex::check
