// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The command line as tables: a command, its options, and what may be given for them. Parsing,
/// --help, manual pages and completions are all made from these tables.

#include <concepts>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/enum_words.hpp"

namespace sicmir::cli {

/// What the program decides about a run, not the user.
struct RunSettings {
  bool carry = true;  ///< false: obs, obsm, obsp and uns of the input must not be copied
};

/// One option, or one argument without a dash.
class Option {
 public:
  using Setter = std::function<void(const std::string&)>;
  /// Where values go; a flag sets a bool.
  using Target = std::variant<std::string*, bool*, int*, std::int64_t*, std::uint64_t*, double*,
                              std::vector<std::string>*, std::vector<std::int64_t>*, Setter>;

  /// `names`: "-o,--output", "--threads", or "INPUT" for an argument.
  Option(std::string_view names, Target target, std::string description);

  Option& group(std::string name);
  Option& required(bool is_required = true);
  /// What --help calls the value.
  Option& value_name(std::string name);
  /// Only these words.
  Option& words(std::vector<std::string> allowed);
  /// Only whole numbers, or numbers, from `low` to `high`.
  template <std::integral Number>
  Option& range(Number low, Number high) {
    return limit({static_cast<double>(low), static_cast<double>(high)});
  }
  Option& range(double low, double high) { return limit({low, high}); }
  Option& existing_file();
  /// Several values in one argument, separated by this character.
  Option& separator(char character);
  /// The value may be left out, and is then this; if given, then as --name=VALUE.
  Option& value_if_none(std::string value);
  /// A flag that sets false.
  Option& sets_false();
  /// Cannot be combined with `other`, an option of the same command.
  Option& excludes(Option& other);
  /// Left out of --help, manual pages and completions.
  Option& hidden();
  /// Shown first in --help.
  Option& main();
  /// Put behind the description.
  Option& also(std::string_view text);

  struct Limits {
    double low, high;
  };

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  /// The long name if there is one.
  [[nodiscard]] const std::string& name() const { return names_.back(); }
  [[nodiscard]] bool is_argument() const { return !names_.front().starts_with('-'); }
  [[nodiscard]] bool is_flag() const { return std::holds_alternative<bool*>(target_); }
  /// A value has to follow.
  [[nodiscard]] bool takes_value() const { return !is_flag() && !value_if_none_; }
  [[nodiscard]] bool takes_several() const;
  [[nodiscard]] const std::string& description() const { return description_; }
  [[nodiscard]] const std::string& in_group() const { return group_; }
  [[nodiscard]] const std::string& shown_value() const { return value_name_; }
  [[nodiscard]] const std::vector<std::string>& allowed() const { return words_; }
  [[nodiscard]] bool is_required() const { return required_; }
  [[nodiscard]] bool is_hidden() const { return hidden_; }
  /// What was given on the command line, as text; nullopt: nothing.
  [[nodiscard]] const std::optional<std::vector<std::string>>& given() const { return given_; }

 private:
  friend class Command;
  Option& limit(Limits limits);

  std::vector<std::string> names_;
  Target target_;
  std::string description_;
  std::string group_ = "Options";
  std::string value_name_;
  std::vector<std::string> words_;
  std::optional<Limits> limits_;
  std::optional<std::string> value_if_none_;
  std::vector<std::string> excludes_;
  char separator_ = 0;
  bool required_ = false;
  bool existing_file_ = false;
  bool sets_false_ = false;
  bool hidden_ = false;
  std::optional<std::vector<std::string>> given_;
};

/// A command of the program.
class Command {
 public:
  struct Example {
    std::string line, what;
  };

  Command(std::string name, std::string summary);
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  ~Command() = default;

  template <class Value>
  Option& add_option(std::string_view names, Value& target, const std::string& description) {
    return add(names, &target, description);
  }
  Option& add_flag(std::string_view names, bool& target, std::string description);
  /// An option that takes one of a few words.
  template <class Choice>
  Option& add_choice(std::string_view names, Choice& choice,
                     const std::vector<std::pair<std::string, Choice>>& meanings,
                     std::string description) {
    std::vector<std::string> allowed;
    allowed.reserve(meanings.size());
    for (const auto& meaning : meanings) allowed.push_back(meaning.first);
    const Option::Setter set = [&choice, meanings](const std::string& given) {
      for (const auto& [word, meaning] : meanings) {
        if (word == given) choice = meaning;
      }
    };
    return add(names, set, std::move(description)).words(std::move(allowed));
  }
  template <class Choice, std::size_t N>
  Option& add_choice(std::string_view names, Choice& choice, const EnumWords<Choice, N>& words,
                     std::string description) {
    const std::vector<std::pair<std::string, Choice>> meanings(words.entries.begin(),
                                                               words.entries.end());
    return add_choice<Choice>(names, choice, meanings, std::move(description));
  }
  /// Paragraphs for the manual page.
  Command& describe(std::string text);
  /// The option of this name, which must exist.
  [[nodiscard]] Option& option(std::string_view name);
  /// A command line that --help and the manual page show, and what it does.
  Command& add_example(std::string line, std::string what);
  /// What to do right after parsing, in the process that watches over the run as well.
  void on_start(std::function<void()> work) { start_ = std::move(work); }
  /// What to do then.
  void on_run(std::function<void(const RunSettings&)> work) { work_ = std::move(work); }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& summary() const { return summary_; }
  [[nodiscard]] const std::string& description() const { return description_; }
  [[nodiscard]] const std::deque<Option>& options() const { return options_; }
  [[nodiscard]] const std::vector<Example>& examples() const { return examples_; }
  /// Groups of options, in the order of --help.
  [[nodiscard]] std::vector<std::string> groups() const;
  /// Names of all visible options, with dashes.
  [[nodiscard]] std::vector<std::string> option_names() const;

  /// Fills the targets. False: --help was asked for. Throws Error(usage), with the name that may
  /// have been meant.
  [[nodiscard]] bool parse(std::span<const std::string> arguments);
  /// The whole command line that was parsed, from the program's name on.
  [[nodiscard]] const std::vector<std::string>& command_line() const { return command_line_; }
  void start() const;
  void run(const RunSettings& settings) const;

 private:
  Option& add(std::string_view names, Option::Target target, std::string description);

  std::string name_, summary_, description_;
  std::deque<Option> options_;  // their addresses are kept
  std::vector<Example> examples_;
  std::vector<std::string> command_line_;
  std::function<void()> start_;
  std::function<void(const RunSettings&)> work_;
  bool help_ = false;
};

}  // namespace sicmir::cli
