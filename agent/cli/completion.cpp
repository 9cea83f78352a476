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

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// Verbs below, choices of an argument, options.
std::string words_of(const CommandInfo& command) {
  std::vector<std::string> words;
  for (const CommandInfo& each : command.commands) words.push_back(each.name);
  for (const OptionInfo& each : command.arguments) {
    words.insert(words.end(), each.choices.begin(), each.choices.end());
  }
  for (const OptionInfo& each : command.options) words.push_back(each.name);
  return joined(words);
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

// A case for each option with choices: `path option)`, and one that ends the matter for options
// whose value is anything.
std::string bash_values(const CommandInfo& root) {
  std::string out;
  walk(root, "", [&](const std::string& path, const CommandInfo& command) {
    for (const OptionInfo& option : command.options) {
      if (option.choices.empty()) continue;
      out += "    " + in_quotes(path + ' ' + option.name);
      if (!option.short_name.empty()) out += '|' + in_quotes(path + ' ' + option.short_name);
      out += ") words=" + in_quotes(joined(option.choices)) + " ;;\n";
    }
  });
  return out;
}

// Options that take no value, for finding the verbs among the words typed so far.
std::string switches_of(const CommandInfo& root) {
  std::string out;
  walk(root, "", [&](const std::string&, const CommandInfo& command) {
    for (const OptionInfo& option : command.options) {
      if (option.takes_value) continue;
      if ((' ' + out + ' ').find(' ' + option.name + ' ') == std::string::npos)
        out += (out.empty() ? "" : " ") + option.name;
      if (!option.short_name.empty()) out += ' ' + option.short_name;
    }
  });
  return out;
}

// All commands below the root by their path, each between two texts.
std::string known_paths(const CommandInfo& root, const std::string& before,
                        const std::string& after) {
  std::string out;
  walk(root, "", [&](const std::string& path, const CommandInfo&) {
    if (!path.empty()) out += before + path + after;
  });
  return out;
}

// The verbs among the words typed so far lead to the list of what may follow; arguments and values
// of options are left out of them.
std::string bash_script(const CommandInfo& root) {
  std::string out =
      "_narthex() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local path= word i skip= words= switches=" +
      in_quotes(' ' + switches_of(root) + ' ') +
      "\n  local known=" + in_quotes('|' + known_paths(root, "", "|")) +
      "\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    word=${COMP_WORDS[i]}\n"
      "    if [[ $word == -* ]]; then\n"
      "      skip=; [[ $word == *=* || $switches == *\" $word \"* ]] || skip=1\n"
      "    elif [[ -n $skip ]]; then skip=\n"
      "    elif [[ $known == *\"|${path:+$path }$word|\"* ]]; then path+=\"${path:+ }$word\"\n"
      "    fi\n"
      "  done\n"
      "  if [[ -n $skip ]]; then\n"
      "    case \"$path $before\" in\n" +
      bash_values(root) +
      "    esac\n"
      "    if [[ -n $words ]]; then COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "    else COMPREPLY=($(compgen -f -- \"$current\")); fi\n"
      "    return\n"
      "  fi\n"
      "  case $path in\n";
  walk(root, "", [&](const std::string& path, const CommandInfo& command) {
    out += "    " + in_quotes(path) + ") words=" + in_quotes(words_of(command)) + " ;;\n";
  });
  out +=
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "  [[ ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- \"$current\"))\n"
      "}\n"
      "complete -F _narthex narthex\n";
  return out;
}

// "name:help" with the colons of the help harmless.
std::string zsh_described(const std::string& name, const std::string& help) {
  std::string text = name + ':';
  for (const char c : help) text += c == ':' ? ';' : c;
  return in_quotes(text);
}

// Lists of "word:help" by path, shown by _describe; option values by their choices, else files.
std::string zsh_script(const CommandInfo& root) {
  std::string out =
      "#compdef narthex\n"
      "_narthex() {\n"
      "  local path_=\"\" word skip=\"\" i\n"
      "  local -a words_ values\n"
      "  local switches=" +
      in_quotes(' ' + switches_of(root) + ' ') +
      "\n  local known=" + in_quotes('|' + known_paths(root, "", "|")) +
      "\n"
      "  for ((i = 2; i < CURRENT; i++)); do\n"
      "    word=${words[i]}\n"
      "    if [[ $word == -* ]]; then\n"
      "      skip=\"\"; [[ $word == *=* || $switches == *\" $word \"* ]] || skip=1\n"
      "    elif [[ -n $skip ]]; then skip=\"\"\n"
      "    elif [[ $known == *\"|${path_:+$path_ }$word|\"* ]]; then path_+=\"${path_:+ }$word\"\n"
      "    fi\n"
      "  done\n"
      "  if [[ -n $skip ]]; then\n"
      "    case \"$path_ ${words[CURRENT-1]}\" in\n";
  walk(root, "", [&](const std::string& path, const CommandInfo& command) {
    for (const OptionInfo& option : command.options) {
      if (option.choices.empty()) continue;
      out += "    " + in_quotes(path + ' ' + option.name);
      if (!option.short_name.empty()) out += '|' + in_quotes(path + ' ' + option.short_name);
      out += ") values=(" + joined(option.choices) + ") ;;\n";
    }
  });
  out +=
      "    esac\n"
      "    if (( ${#values} )); then compadd -a values; else _files; fi\n"
      "    return\n"
      "  fi\n"
      "  case $path_ in\n";
  walk(root, "", [&](const std::string& path, const CommandInfo& command) {
    out += "    " + in_quotes(path) + ") words_=(";
    for (const CommandInfo& each : command.commands)
      out += zsh_described(each.name, each.help) + ' ';
    for (const OptionInfo& each : command.arguments) {
      for (const std::string& choice : each.choices) out += zsh_described(choice, each.help) + ' ';
    }
    for (const OptionInfo& each : command.options) out += zsh_described(each.name, each.help) + ' ';
    out += ") ;;\n";
  });
  return out +
         "  esac\n"
         "  _describe narthex words_ || _files\n"
         "}\n"
         "compdef _narthex narthex\n";
}

std::string fish_script(const CommandInfo& root) {
  std::string out =
      "function __narthex_path\n"
      "  set -l words (commandline -opc)\n"
      "  set -l switches " +
      switches_of(root) + "\n  set -l known" + known_paths(root, " '", "'") +
      "\n"
      "  set -l path\n"
      "  set -l skip 0\n"
      "  for word in $words[2..-1]\n"
      "    if string match -q -- '-*' $word\n"
      "      set skip 1\n"
      "      if string match -q -- '*=*' $word; or contains -- $word $switches; set skip 0; end\n"
      "    else if test $skip = 1\n"
      "      set skip 0\n"
      "    else if contains -- (string join ' ' $path $word) $known\n"
      "      set -a path $word\n"
      "    end\n"
      "  end\n"
      "  string join ' ' $path\n"
      "end\n";
  walk(root, "", [&](const std::string& path, const CommandInfo& command) {
    const std::string when = " -n 'test \"$(__narthex_path)\" = \"" + path + "\"'";
    for (const CommandInfo& each : command.commands) {
      out += "complete -c narthex -f" + when + " -a " + each.name + " -d " + in_quotes(each.help) +
             '\n';
    }
    for (const OptionInfo& each : command.arguments) {
      if (each.choices.empty()) continue;
      out += "complete -c narthex -f" + when + " -a " + in_quotes(joined(each.choices)) + '\n';
    }
    for (const OptionInfo& option : command.options) {
      out += "complete -c narthex" + when + " -l " + option.name.substr(2);
      if (!option.short_name.empty()) out += " -s " + option.short_name.substr(1);
      if (option.takes_value) out += " -r";
      if (!option.choices.empty()) out += " -f -a " + in_quotes(joined(option.choices));
      out += " -d " + in_quotes(option.help) + '\n';
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
