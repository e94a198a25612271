// SPDX-License-Identifier: BSD-3-Clause
#include "cli/reference_text.hpp"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "base/joined.hpp"
#include "sicmir/version.hpp"

namespace sicmir::cli {
namespace {

constexpr std::string_view purpose =
    "Predict mature miRNA expression of single cells and bulk samples from mRNA";

struct Explained {
  std::string_view name, meaning;
};

constexpr std::array exit_codes = {Explained{"0", "done"},
                                   Explained{"1", "internal error, or out of memory"},
                                   Explained{"2", "usage error"},
                                   Explained{"3", "bad input"},
                                   Explained{"4", "bad model"},
                                   Explained{"5", "output could not be written"},
                                   Explained{"141", "the reader of a pipe closed it"}};

constexpr std::array environment = {
    Explained{"SICMIR_MODEL", "Model to use without --model, instead of the bundled one."},
    Explained{"SICMIR_DATA",
              "Directory of the reference tables, if not where they were installed."},
    Explained{"SICMIR_KERNEL", "Instruction set, v2 or v3; by default the best of the processor."},
    Explained{"SICMIR_SUPERVISE", "0 runs everything in one process, for debuggers."},
    Explained{"TMPDIR", "Directory for temporary files."},
    Explained{"COLUMNS", "Width of --help."},
    Explained{"SLURM_ARRAY_TASK_ID", "Part to compute with --shard slurm/N."},
    Explained{"SLURM_CPUS_PER_TASK", "Upper limit for the default number of threads."}};

std::vector<const Option*> options_of(const Command& command, bool arguments) {
  std::vector<const Option*> options;
  for (const Option& option : command.options()) {
    if (!option.is_hidden() && option.is_argument() == arguments) options.push_back(&option);
  }
  return options;
}

/// `text` in lines of at most `width` columns, all but the first indented.
std::string wrapped(std::string_view text, int width, int indent) {
  const auto room = static_cast<std::size_t>(std::max(20, width - indent));
  std::string lines;
  std::size_t column = 0;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find(' ', start), text.size());
    const std::string_view word = text.substr(start, end - start);
    if (column > 0 && column + 1 + word.size() > room) {
      lines += "\n" + std::string(static_cast<std::size_t>(indent), ' ');
      column = 0;
    } else if (column > 0) {
      lines += ' ';
      ++column;
    }
    lines += word;
    column += word.size();
    start = end + 1;
  }
  return lines;
}

/// "  left    right", where right is wrapped, and begins on a line of its own if left is long.
std::string entry(const std::string& left, std::string_view right, int column, int width) {
  const auto at = static_cast<std::size_t>(column);
  std::string text = "  " + left;
  text += text.size() + 2 > at ? "\n" + std::string(at, ' ') : std::string(at - text.size(), ' ');
  return text + wrapped(right, width, column) + "\n";
}

/// "-o, --output FILE"; long names stand below each other.
std::string left_of(const Option& option) {
  std::string text = joined(option.names(), ", ");
  if (!option.is_argument() && option.names().size() == 1) text.insert(0, "    ");
  if (option.is_argument()) return text + (option.takes_several() ? "..." : "");
  if (option.takes_value()) text += " " + option.shown_value();
  if (!option.takes_value() && !option.is_flag()) text += "[=" + option.shown_value() + "]";
  return text + (option.takes_several() ? "..." : "");
}

std::string right_of(const Option& option) {
  return option.description() +
         (option.is_required() && !option.is_argument() ? " (required)" : "");
}

/// "atlas add" of "atlas-add": both are understood.
std::string as_typed(std::string name) {
  constexpr std::string_view prefix = "atlas-";
  if (name.starts_with(prefix)) name[prefix.size() - 1] = ' ';
  return name;
}

std::string usage_of(const Command& command) {
  std::string usage = fmt::format("sicmir {}", as_typed(command.name()));
  for (const Option* option : options_of(command, false)) {
    if (option->is_required()) {
      usage += fmt::format(" {} {}", option->names().front(), option->shown_value());
    }
  }
  usage += " [OPTION]...";
  for (const Option* option : options_of(command, true)) {
    const std::string name = option->name() + (option->takes_several() ? "..." : "");
    usage += option->is_required() ? " " + name : " [" + name + "]";
  }
  return usage;
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

std::string roff_entry(std::string_view name, std::string_view text) {
  return fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(name), roff(text));
}

std::string option_entry(const Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.names()) names.push_back("\\fB" + roff(name) + "\\fR");
  std::string text = fmt::format(".TP\n{}", joined(names, ", "));
  if (option.takes_value()) text += " \\fI" + roff(option.shown_value()) + "\\fR";
  if (!option.takes_value() && !option.is_flag()) {
    text += "[=\\fI" + roff(option.shown_value()) + "\\fR]";
  }
  return text + "\n" + roff(right_of(option)) + "\n";
}

std::string page_head(const std::string& name, std::string_view summary) {
  std::string title = name;
  std::transform(title.begin(), title.end(), title.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  });
  return fmt::format(".TH \"{}\" 1 \"\" \"sicmir {}\" \"sicmir\"\n.SH NAME\n{} \\- {}\n",
                     roff(title), sicmir::version, roff(name), roff(summary));
}

/// What all pages end with. `command`: the page's own; empty: the program's.
std::string page_end(std::string_view command) {
  std::string page = ".SH ENVIRONMENT\n";
  for (const Explained& variable : environment) page += roff_entry(variable.name, variable.meaning);
  page +=
      ".SH FILES\n" + roff_entry("PREFIX/share/sicmir",
                                 "The bundled model and the reference tables of genes and miRNAs.");
  page += ".SH EXIT STATUS\n";
  for (const Explained& code : exit_codes) page += roff_entry(code.name, code.meaning);
  page += ".SH SEE ALSO\n";
  std::vector<std::string> others;
  if (!command.empty()) others.emplace_back("\\fBsicmir\\fR(1)");
  for (const CommandEntry& one : command_table()) {
    if (one.name != command) {
      others.push_back(fmt::format(R"(\fBsicmir\-{}\fR(1))", roff(one.name)));
    }
  }
  return page + fmt::format("{}\n", joined(others, ", "));
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

}  // namespace

const std::vector<std::string>& program_options() {
  static const std::vector<std::string> options = {"-h", "--help", "--version"};
  return options;
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const CommandEntry& one : command_table()) names.emplace_back(one.name);
  return names;
}

int text_width() {
  constexpr int usual = 80;
  int width = 0;
  if (const char* columns = std::getenv("COLUMNS"); columns != nullptr) {
    const std::string_view text = columns;
    std::from_chars(text.data(), text.data() + text.size(), width);
  }
  winsize window{};
  if (width <= 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0) width = window.ws_col;
  return width <= 0 ? usual : std::clamp(width, 40, 100);
}

std::string program_help(int width) {
  constexpr int column = 19;
  std::string text = wrapped(std::string(purpose) + ".", width, 0) +
                     "\n\nUsage: sicmir COMMAND [OPTION]...\n\nCommands:\n";
  std::string_view group;
  for (const CommandEntry& one : command_table()) {
    if (one.group != group) text += fmt::format("\n{}:\n", one.group);
    group = one.group;
    text += entry(std::string(one.name), one.summary, column, width);
  }
  text += "\nOptions:\n" + entry("-h, --help", "Show this help and exit", column, width) +
          entry("--version", "Show the version and exit", column, width);
  std::vector<std::string> codes;
  codes.reserve(exit_codes.size());
  for (const Explained& code : exit_codes) {
    codes.push_back(fmt::format("{} {}", code.name, code.meaning));
  }
  text += "\n" + wrapped(fmt::format("Exit codes: {}.", joined(codes, "; ")), width, 2) + "\n";
  return text + "\n" +
         wrapped("`sicmir COMMAND --help` shows the options of a command.", width, 0) + "\n";
}

std::string command_help(const Command& command, int width) {
  const int column = width >= 70 ? 30 : 14;
  std::string text = wrapped(command.summary() + ".", width, 0) + "\n\n" +
                     wrapped("Usage: " + usage_of(command), width, 4) + "\n";
  const auto add = [&](const std::string& title, const std::vector<const Option*>& options) {
    if (options.empty()) return;
    text += fmt::format("\n{}:\n", title);
    for (const Option* option : options) {
      text += entry(left_of(*option), right_of(*option), column, width);
    }
  };
  add("Arguments", options_of(command, true));
  for (const std::string& group : command.groups()) {
    std::vector<const Option*> options = options_of(command, false);
    std::erase_if(options, [&](const Option* option) { return option->in_group() != group; });
    add(group, options);
  }
  if (!command.examples().empty()) text += "\nExamples:\n";
  for (const Command::Example& example : command.examples()) {
    text += "  " + wrapped(example.what + ":", width, 2) + "\n    " + example.line + "\n";
  }
  return text;
}

std::string program_man_page() {
  std::string page = page_head("sicmir", purpose);
  page += ".SH SYNOPSIS\n\\fBsicmir\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR]...\n";
  page += ".SH DESCRIPTION\n" +
          roff(
              "sicmir predicts the expression of about 1300 mature miRNAs from the expression of "
              "977 landmark genes. Its output is a prediction, not a measurement: treat it as a "
              "hypothesis to test. Results go to standard output or to files, messages to standard "
              "error.") +
          "\n.SH COMMANDS\n";
  std::string_view group;
  for (const CommandEntry& one : command_table()) {
    if (one.group != group) page += ".SS " + roff(one.group) + "\n";
    group = one.group;
    page += roff_entry(one.name, one.summary);
  }
  page += ".SH OPTIONS\n" + roff_entry("-h, --help", "Show the commands and exit.") +
          roff_entry("--version", "Show the version and exit.");
  page += ".SH EXAMPLES\n" +
          roff_entry("sicmir predict cells.h5ad -o mirnas.h5ad", "Predict with the bundled model.");
  return page + page_end("");
}

std::string man_page(const Command& command) {
  std::string page = page_head("sicmir-" + command.name(), command.summary());
  page += ".SH SYNOPSIS\n\\fBsicmir " + roff(as_typed(command.name())) + "\\fR" +
          roff(std::string_view(usage_of(command)).substr(7 + command.name().size())) + "\n";
  if (!command.description().empty()) {
    page += ".SH DESCRIPTION\n" + roff(command.description()) + "\n";
  }
  if (const auto arguments = options_of(command, true); !arguments.empty()) {
    page += ".SH ARGUMENTS\n";
    for (const Option* option : arguments) {
      page +=
          fmt::format(".TP\n\\fI{}\\fR\n{}\n", roff(option->name()), roff(option->description()));
    }
  }
  page += ".SH OPTIONS\n";
  const std::vector<const Option*> options = options_of(command, false);
  for (const std::string& group : command.groups()) {
    std::string entries;
    for (const Option* option : options) {
      if (option->in_group() == group) entries += option_entry(*option);
    }
    if (!entries.empty()) page += ".SS " + roff(group) + "\n" + entries;
  }
  if (!command.examples().empty()) page += ".SH EXAMPLES\n";
  for (const Command::Example& example : command.examples()) {
    page += roff_entry(example.line, example.what + ".");
  }
  return page + page_end(command.name());
}

std::string bash_completion() {
  const std::vector<std::string> commands = command_names();
  std::string script = fmt::format(
      "# bash completion of sicmir {}; written by `sicmir help --completion bash`.\n"
      "_sicmir() {{\n"
      "  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}}\n"
      "  local command=${{COMP_WORDS[1]}} words=\n"
      "  if [ \"$command\" = atlas ] && [ \"$COMP_CWORD\" -gt 2 ]; then\n"
      "    command=atlas-${{COMP_WORDS[2]}}\n"
      "  fi\n"
      "  COMPREPLY=()\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    words=\"{} {}\"\n"
      "  else\n"
      "    case \"$command $prev\" in\n",
      sicmir::version, joined(commands, " "), joined(program_options(), " "));
  std::string by_command;
  for (const CommandEntry& one : command_table()) {
    const std::unique_ptr<Command> command = make_command(one);
    for (const Option* option : options_of(*command, false)) {
      const std::vector<std::string>& choices = option->allowed();
      std::vector<std::string> patterns;
      for (const std::string& name : option->names()) {
        patterns.push_back(fmt::format("\"{} {}\"", command->name(), name));
      }
      if (!choices.empty()) {
        script += fmt::format("      {}) words=\"{}\" ;;\n", joined(patterns, " | "),
                              joined(choices, " "));
      } else if (option->takes_value()) {
        script += fmt::format("      {}) return ;;\n", joined(patterns, " | "));  // a file
      }
    }
    by_command += fmt::format("          {}) words=\"{}\" ;;\n", command->name(),
                              joined(command->option_names(), " "));
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
      joined(commands, " "), by_command);
  return script;
}

std::string zsh_completion() {
  std::string script = fmt::format(
      "#compdef sicmir\n"
      "# zsh completion of sicmir {}; written by `sicmir help --completion zsh`.\n"
      "_sicmir() {{\n"
      "  local -a commands\n"
      "  commands=(\n",
      sicmir::version);
  std::string by_command;
  for (const CommandEntry& one : command_table()) {
    const std::unique_ptr<Command> command = make_command(one);
    script += fmt::format("    '{}:{}'\n", command->name(), quoted(command->summary(), ":"));
    by_command += fmt::format("    {})\n      _arguments", command->name());
    for (const Option* option : options_of(*command, false)) {
      const std::vector<std::string>& choices = option->allowed();
      for (const std::string& name : option->names()) {
        std::string value;
        if (!choices.empty()) {
          value = fmt::format(":{}:({})", option->shown_value(), joined(choices, " "));
        } else if (option->takes_value()) {
          value = fmt::format(":{}:_files", quoted(option->shown_value(), ":"));
        }
        by_command += fmt::format(" \\\n        '{}[{}]{}'", name,
                                  quoted(option->description(), "[]:\\"), value);
      }
    }
    by_command += command->name() == "help" ? " \\\n        '1:command:->help'\n"
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

}  // namespace sicmir::cli
