#include "cli/reference_text.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "base/suggest.hpp"
#include "sicmir/version.hpp"

namespace sicmir::cli {
namespace {

/// Options that are shown, positional ones apart.
std::vector<const CLI::Option*> options_of(const CLI::App& command, bool positional) {
  return command.get_options([positional](const CLI::Option* option) {
    return !option->get_group().empty() && option->get_positional() == positional;
  });
}

/// "-o", "--output".
std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

/// The words that an option takes one of: its check describes them as {a,b,c}.
std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}', open == std::string::npos ? 0 : open);
  std::vector<std::string> words;
  if (open == std::string::npos || close == std::string::npos) return words;
  for (std::size_t at = open + 1; at < close;) {
    const std::size_t end = std::min(type.find(',', at), close);
    words.push_back(type.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

/// "TEXT", "FILE"; without what checks add to it.
std::string value_name(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  return type.substr(0, type.find(':'));
}

/// Text for man(7): no escapes, and no requests at the start of a line.
std::string roff(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      if ((c == '.' || c == '\'') && (escaped.empty() || escaped.back() == '\n')) escaped += "\\&";
      escaped += c;
    }
  }
  return escaped;
}

std::string option_entry(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : names_of(option)) names.push_back("\\fB" + roff(name) + "\\fR");
  std::string entry = fmt::format(".TP\n{}", fmt::join(names, ", "));
  if (takes_value(option)) entry += " \\fI" + roff(value_name(option)) + "\\fR";
  return entry + "\n" + roff(option.get_description()) + "\n";
}

std::string quoted(std::string_view text, std::string_view special) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\'') {
      escaped += "'\\''";
      continue;
    }
    if (special.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : visible_commands(app)) names.push_back(command->get_name());
  return names;
}

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : options_of(command, false)) {
    for (std::string& name : names_of(*option)) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

std::vector<const CLI::App*> visible_commands(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
}

std::string man_page(const CLI::App& app, const CLI::App& command) {
  const bool whole = &app == &command;
  const std::string name =
      whole ? app.get_name() : fmt::format("{}-{}", app.get_name(), command.get_name());
  std::string title = name;
  std::transform(title.begin(), title.end(), title.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  });
  std::string page =
      fmt::format(".TH \"{}\" 1 \"\" \"sicmir {}\" \"sicmir\"\n", roff(title), sicmir::version);
  page += fmt::format(".SH NAME\n{} \\- {}\n", roff(name), roff(command.get_description()));
  page += ".SH SYNOPSIS\n\\fB" + roff(app.get_name());
  if (whole) {
    page += "\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n.SH COMMANDS\n";
    for (const CLI::App* one : visible_commands(app)) {
      page +=
          fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(one->get_name()), roff(one->get_description()));
    }
  } else {
    page += " " + roff(command.get_name()) + R"(\fR [\fIOPTIONS\fR])";
    for (const CLI::Option* option : options_of(command, true)) {
      page += " \\fI" + roff(option->get_name()) + "\\fR";
    }
    page += "\n";
    if (const auto arguments = options_of(command, true); !arguments.empty()) {
      page += ".SH ARGUMENTS\n";
      for (const CLI::Option* option : arguments) {
        page += fmt::format(".TP\n\\fI{}\\fR\n{}\n", roff(option->get_name()),
                            roff(option->get_description()));
      }
    }
  }
  page += ".SH OPTIONS\n";
  const std::vector<const CLI::Option*> options = options_of(command, false);
  for (const std::string& group : command.get_groups()) {
    std::string entries;
    for (const CLI::Option* option : options) {
      if (option->get_group() == group) entries += option_entry(*option);
    }
    if (!entries.empty()) page += ".SS " + roff(group) + "\n" + entries;
  }
  page += ".SH EXIT STATUS\n" + roff(app.get_footer()) + "\n.SH SEE ALSO\n";
  std::vector<std::string> others;
  if (!whole) others.push_back("\\fB" + roff(app.get_name()) + "\\fR(1)");
  for (const CLI::App* one : visible_commands(app)) {
    if (one == &command) continue;
    others.push_back(
        fmt::format(R"(\fB{}\-{}\fR(1))", roff(app.get_name()), roff(one->get_name())));
  }
  return page + fmt::format("{}\n", fmt::join(others, ", "));
}

std::string bash_completion(const CLI::App& app) {
  const std::vector<std::string> commands = command_names(app);
  std::string script = fmt::format(
      "# bash completion of sicmir {}; written by `sicmir help --completion bash`.\n"
      "_sicmir() {{\n"
      "  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}}\n"
      "  local command=${{COMP_WORDS[1]}} words=\n"
      "  COMPREPLY=()\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    words=\"{} {}\"\n"
      "  else\n"
      "    case \"$command $prev\" in\n",
      sicmir::version, fmt::join(commands, " "), fmt::join(option_names(app), " "));
  std::string by_command;
  for (const CLI::App* command : visible_commands(app)) {
    for (const CLI::Option* option : options_of(*command, false)) {
      const std::vector<std::string> choices = choices_of(*option);
      std::vector<std::string> patterns;
      for (const std::string& name : names_of(*option)) {
        patterns.push_back(fmt::format("\"{} {}\"", command->get_name(), name));
      }
      if (!choices.empty()) {
        script += fmt::format("      {}) words=\"{}\" ;;\n", fmt::join(patterns, " | "),
                              fmt::join(choices, " "));
      } else if (takes_value(*option)) {
        script += fmt::format("      {}) return ;;\n", fmt::join(patterns, " | "));  // a file
      }
    }
    by_command += fmt::format("          {}) words=\"{}\" ;;\n", command->get_name(),
                              fmt::join(option_names(*command), " "));
  }
  script += fmt::format(
      "      \"help \"*) words=\"{}\" ;;\n"
      "      *)\n"
      "        [[ $cur == -* ]] || return\n"
      "        case $command in\n{}"
      "        esac ;;\n"
      "    esac\n"
      "  fi\n"
      "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
      "}}\n"
      "complete -o default -F _sicmir sicmir\n",
      fmt::join(commands, " "), by_command);
  return script;
}

std::string zsh_completion(const CLI::App& app) {
  std::string script = fmt::format(
      "#compdef sicmir\n"
      "# zsh completion of sicmir {}; written by `sicmir help --completion zsh`.\n"
      "_sicmir() {{\n"
      "  local -a commands\n"
      "  commands=(\n",
      sicmir::version);
  std::string by_command;
  for (const CLI::App* command : visible_commands(app)) {
    script +=
        fmt::format("    '{}:{}'\n", command->get_name(), quoted(command->get_description(), ":"));
    by_command += fmt::format("    {})\n      _arguments", command->get_name());
    for (const CLI::Option* option : options_of(*command, false)) {
      const std::vector<std::string> choices = choices_of(*option);
      for (const std::string& name : names_of(*option)) {
        std::string value;
        if (!choices.empty()) {
          value = fmt::format(":{}:({})", value_name(*option), fmt::join(choices, " "));
        } else if (takes_value(*option)) {
          value = fmt::format(":{}:_files", quoted(value_name(*option), ":"));
        }
        by_command += fmt::format(" \\\n        '{}[{}]{}'", name,
                                  quoted(option->get_description(), "[]:\\"), value);
      }
    }
    by_command += command->get_name() == "help" ? " \\\n        '1:command:->help'\n"
                                                  "      [[ $state == help ]] && _describe command "
                                                  "commands\n"
                                                : " \\\n        '*:file:_files'\n";
    by_command += "      ;;\n";
  }
  return script + fmt::format(
                      "  )\n"
                      "  local state\n"
                      "  if (( CURRENT == 2 )); then\n"
                      "    _describe command commands\n"
                      "    return\n"
                      "  fi\n"
                      "  local command=$words[2]\n"
                      "  shift words\n"
                      "  (( CURRENT-- ))\n"
                      "  case $command in\n{}"
                      "  esac\n"
                      "}}\n"
                      "_sicmir \"$@\"\n",
                      by_command);
}

std::string hint_for(const CLI::App& app, const std::vector<std::string>& arguments) {
  const CLI::App* command = &app;
  for (const std::string& argument : arguments) {
    if (argument.starts_with("--") && argument.size() > 2) {
      std::vector<std::string> known = option_names(*command);
      known.emplace_back("--help");
      const std::string name = argument.substr(0, argument.find('='));
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      if (std::string hint = did_you_mean(name, known); !hint.empty()) return hint.substr(1);
    } else if (command == &app && !argument.starts_with("-")) {
      const std::vector<std::string> names = command_names(app);
      if (std::find(names.begin(), names.end(), argument) == names.end()) {
        const std::string hint = did_you_mean(argument, names);
        return hint.empty() ? hint : hint.substr(1);
      }
      command = app.get_subcommand(argument);
    }
  }
  return {};
}

}  // namespace sicmir::cli
