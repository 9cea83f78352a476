// SPDX-License-Identifier: Apache-2.0
#include "cli/man_page.hpp"

#include "cli/tool.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace narthex::cli {

namespace {

// Text of a line: backslashes and hyphens are roff's, and a dot or quote may not begin a line.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) out += "\\&";
      out += c;
    }
  }
  return out;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(c));
  return text;
}

std::string heading(const std::string& page, const std::string& help) {
  return ".TH " + upper(roff(page)) + " 1 \"\" \"Narthex\" \"User Commands\"\n.SH NAME\n" +
         roff(page) + " \\- " + roff(help) + '\n';
}

std::string option_head(const OptionInfo& o) {
  std::string text = "\\fB" + roff(o.name) + "\\fR";
  if (!o.short_name.empty()) text += ", \\fB" + roff(o.short_name) + "\\fR";
  if (!o.choices.empty()) {
    std::string list;
    for (const std::string& each : o.choices) list += (list.empty() ? "" : "|") + each;
    text += " \\fI" + roff(list) + "\\fR";
  } else if (o.takes_value) {
    text += " \\fIVALUE\\fR";
  }
  return text;
}

std::string option_text(const OptionInfo& o) {
  std::string text = ".TP\n" + option_head(o) + '\n' + roff(o.help);
  if (!o.otherwise.empty()) text += " Default: " + roff(o.otherwise) + '.';
  return text + '\n';
}

std::string argument_text(const OptionInfo& o) {
  return ".TP\n\\fI" + roff(o.name) + "\\fR\n" + roff(o.help) + '\n';
}

std::string usage(const CommandInfo& command, const std::string& path) {
  std::string text = "\\fB" + roff(path) + "\\fR";
  if (!command.commands.empty()) return text + " \\fICOMMAND\\fR ...\n";
  if (!command.options.empty()) text += " [\\fIOPTIONS\\fR]";
  for (const OptionInfo& o : command.arguments) {
    const std::string name = "\\fI" + roff(o.name) + "\\fR" + (o.repeats ? "..." : "");
    text += o.required ? ' ' + name : " [" + name + ']';
  }
  return text + '\n';
}

// The footer keeps its own lines: it has tables and commands.
std::string more_text(const std::string& more) {
  return more.empty() ? std::string()
                      : ".PP\n.nf\n" + roff(more) + (more.ends_with('\n') ? "" : "\n") + ".fi\n";
}

std::string details(const CommandInfo& command) {
  std::string text;
  for (const OptionInfo& o : command.arguments) text += argument_text(o);
  for (const OptionInfo& o : command.options) text += option_text(o);
  return text + more_text(command.more);
}

constexpr const char* kExitStatus = R"(.SH EXIT STATUS
.TP
0
good
.TP
1
failure
.TP
2
usage
.TP
3
findings of a check
.TP
4
no connection to the server
.TP
130
interrupted
.PP
\fBserve\fR: 78 bad configuration, 73 data directory unusable or held,
1 anything else.
)";

// The page of a verb; what is below it becomes sections.
std::string verb_page(const CommandInfo& verb) {
  const std::string path = "narthex " + verb.name;
  std::string text = heading("narthex-" + verb.name, verb.help) + ".SH SYNOPSIS\n";
  if (verb.commands.empty()) {
    text += usage(verb, path) + ".SH DESCRIPTION\n" + roff(verb.help) + '\n' + details(verb);
  } else {
    for (const CommandInfo& each : verb.commands) {
      text += usage(each, path + ' ' + each.name) + ".br\n";
    }
    text += ".SH DESCRIPTION\n" + roff(verb.help) + '\n' + more_text(verb.more);
    for (const CommandInfo& each : verb.commands) {
      text += ".SH \"" + upper(roff(verb.name + ' ' + each.name)) + "\"\n" + roff(each.help) +
              '\n' + details(each);
    }
  }
  return text + kExitStatus + ".SH SEE ALSO\n\\fBnarthex\\fR(1)\n";
}

std::string program_page(const CommandInfo& root) {
  std::string text = heading("narthex", "a monitoring agent that speaks Prometheus") +
                     ".SH SYNOPSIS\n\\fBnarthex\\fR [\\fIVERB\\fR] [\\fIOPTIONS\\fR]\n"
                     ".SH DESCRIPTION\nDiscovers targets, scrapes them, stores the samples and "
                     "answers PromQL over "
                     "Prometheus's HTTP API. Without a verb it serves.\n" +
                     more_text(root.more) + ".SH VERBS\n";
  for (const CommandInfo& each : root.commands) {
    text += ".TP\n\\fBnarthex " + roff(each.name) + "\\fR\n" + roff(each.help) + '\n';
  }
  text += kExitStatus;
  text += ".SH SEE ALSO\n";
  for (const CommandInfo& each : root.commands) {
    if (&each != &root.commands.front()) text += ",\n";
    text += "\\fBnarthex\\-" + roff(each.name) + "\\fR(1)";
  }
  return text + '\n';
}

}  // namespace

std::vector<std::pair<std::string, std::string>> man_pages(const CommandInfo& root) {
  std::vector<std::pair<std::string, std::string>> pages;
  pages.emplace_back("narthex.1", program_page(root));
  for (const CommandInfo& verb : root.commands) {
    pages.emplace_back("narthex-" + verb.name + ".1", verb_page(verb));
  }
  return pages;
}

int write_man_pages(const CommandInfo& root, const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  for (const auto& [name, text] : man_pages(root)) {
    std::ofstream out(std::filesystem::path(folder) / name, std::ios::binary);
    out << text;
    out.close();
    if (!out) {
      std::fprintf(stderr, "narthex: cannot write %s/%s\n", folder.c_str(), name.c_str());
      return 1;
    }
  }
  return 0;
}

}  // namespace narthex::cli
