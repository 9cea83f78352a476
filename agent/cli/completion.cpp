// SPDX-License-Identifier: Apache-2.0
// Completion scripts, generated from the command tree so that they can't fall behind it.
#include "cli/cli.hpp"
#include "cli/command_tree.hpp"
#include "cli/tool.hpp"

#include <cstdio>

namespace narthex::cli {

namespace {

// Calls use(path, command) for a command and all below it; path is "" or "check config".
template <class Use>
void walk(const CommandInfo& command, const std::string& path, const Use& use) {
  use(path, command);
  for (const CommandInfo& each : command.commands) {
    walk(each, path.empty() ? each.name : path + ' ' + each.name, use);
  }
}

std::string words_of(const CommandInfo& command) {
  std::string words;
  for (const CommandInfo& each : command.commands) words += each.name + ' ';
  for (const std::string& option : command.options) words += option + ' ';
  if (!words.empty()) words.pop_back();
  return words;
}

// "it's" -> it'\''s, for text between single quotes.
std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + '\'';
}

// The words typed so far that are verbs lead to the list of what may follow.
std::string bash_script(const CommandInfo& root) {
  std::string out =
      "_narthex() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} path= word i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    word=${COMP_WORDS[i]}\n"
      "    [[ $word == -* ]] || path+=\"${path:+ }$word\"\n"
      "  done\n"
      "  local words=\n"
      "  case $path in\n";
  walk(root, "", [&](const std::string& path, const CommandInfo& command) {
    // A command without verbs below it goes on completing options after arguments.
    out += "    " + in_quotes(path);
    if (command.commands.empty()) out += '|' + in_quotes(path + ' ') + '*';
    out += ") words=" + in_quotes(words_of(command)) + " ;;\n";
  });
  out +=
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "  [[ ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- \"$current\"))\n"
      "}\n"
      "complete -F _narthex narthex\n";
  return out;
}

std::string zsh_script(const CommandInfo& root) {
  return "#compdef narthex\nautoload -U +X bashcompinit && bashcompinit\n" + bash_script(root);
}

std::string fish_script(const CommandInfo& root) {
  std::string out =
      "function __narthex_path\n"
      "  set -l words (commandline -opc)\n"
      "  string join ' ' (string match -v -- '-*' $words[2..-1])\n"
      "end\n"
      "complete -c narthex -f\n";
  walk(root, "", [&](const std::string& path, const CommandInfo& command) {
    const std::string when = " -n 'test (__narthex_path) = \"" + path + "\"'";
    for (const CommandInfo& each : command.commands) {
      out +=
          "complete -c narthex" + when + " -a " + each.name + " -d " + in_quotes(each.help) + '\n';
    }
    for (const std::string& option : command.options) {
      out += "complete -c narthex" + when + " -l " + option.substr(2) + '\n';
    }
  });
  return out;
}

}  // namespace

int completion(const CommandInfo& root, const std::string& shell) {
  const std::string script = shell == "bash"  ? bash_script(root)
                             : shell == "zsh" ? zsh_script(root)
                                              : fish_script(root);
  std::fputs(script.c_str(), stdout);
  return kGood;
}

}  // namespace narthex::cli
