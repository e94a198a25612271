// SPDX-License-Identifier: BSD-3-Clause
#include "cli/parser.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <type_traits>

#include "base/joined.hpp"
#include "base/suggest.hpp"
#include "sicmir/error.hpp"

namespace sicmir::cli {
namespace {

constexpr std::string_view main_group = "Main options";
constexpr double no_limit = 1 << 20;  // such upper limits only keep numbers sane

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

std::string usual_value_name(const Option::Target& target) {
  return std::visit(
      [](const auto& to) -> std::string {
        using To = std::decay_t<decltype(to)>;
        if constexpr (std::is_same_v<To, bool*>) {
          return "";
        } else if constexpr (std::is_same_v<To, std::string*> ||
                             std::is_same_v<To, Option::Setter> ||
                             std::is_same_v<To, std::vector<std::string>*>) {
          return "TEXT";
        } else {
          return "NUMBER";
        }
      },
      target);
}

/// Why `text` is not a number that `To` holds, or is outside `limits`; empty if it is fine.
template <class Number>
std::string wrong_number(const std::string& text, const std::optional<Option::Limits>& limits) {
  Number value{};
  if (!CLI::detail::lexical_cast(text, value)) {
    return fmt::format("'{}' is not a {}number", text,
                       std::is_floating_point_v<Number> ? ""
                       : std::is_signed_v<Number>       ? "whole "
                                                        : "positive whole ");
  }
  const auto number = static_cast<double>(value);
  if (!limits || (number >= limits->low && number <= limits->high)) return {};
  return fmt::format("{} is outside the range from {} to {}", text, limits->low, limits->high);
}

std::string wrong_word(const std::string& text, const std::vector<std::string>& allowed) {
  if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) return {};
  return fmt::format("'{}' is not one of {}.{}", text, joined(allowed, ", "),
                     did_you_mean(text, allowed));
}

std::string sentence(std::string text) {
  if (!text.empty() && text.back() != '.' && text.back() != '?') text += '.';
  return text;
}

}  // namespace

Option::Option(std::string_view names, Target target, std::string description)
    : target_(std::move(target)),
      description_(std::move(description)),
      value_name_(usual_value_name(target_)) {
  for (std::size_t start = 0; start <= names.size();) {
    const std::size_t end = std::min(names.find(',', start), names.size());
    names_.emplace_back(names.substr(start, end - start));
    start = end + 1;
  }
}

Option& Option::group(std::string name) {
  if (group_ != main_group) group_ = std::move(name);
  return *this;
}

Option& Option::required(bool is_required) {
  required_ = is_required;
  return *this;
}

Option& Option::value_name(std::string name) {
  value_name_ = std::move(name);
  return *this;
}

Option& Option::words(std::vector<std::string> allowed) {
  words_ = std::move(allowed);
  value_name_ = "WORD";
  return *this;
}

Option& Option::limit(Limits limits) {
  limits_ = limits;
  const bool is_fraction = limits.high <= 1;
  if (is_fraction) return *this;  // the description says so
  return limits.high < no_limit ? also(fmt::format(" ({} to {})", limits.low, limits.high))
                                : also(fmt::format(" (at least {})", limits.low));
}

Option& Option::existing_file() {
  existing_file_ = true;
  value_name_ = "FILE";
  return *this;
}

Option& Option::separator(char character) {
  separator_ = character;
  return *this;
}

Option& Option::value_if_none(std::string value) {
  value_if_none_ = std::move(value);
  return *this;
}

Option& Option::sets_false() {
  sets_false_ = true;
  return *this;
}

Option& Option::excludes(Option& other) {
  excludes_.push_back(other.name());
  return *this;
}

Option& Option::hidden() {
  hidden_ = true;
  return *this;
}

Option& Option::main() {
  group_ = main_group;
  return *this;
}

Option& Option::also(std::string_view text) {
  // Before a default, which stands last.
  const std::size_t usual = description_.rfind(" [default:");
  description_.insert(std::min(usual, description_.size()), text);
  return *this;
}

bool Option::takes_several() const {
  return std::holds_alternative<std::vector<std::string>*>(target_) ||
         std::holds_alternative<std::vector<std::int64_t>*>(target_);
}

Command::Command(std::string name, std::string summary)
    : name_(std::move(name)), summary_(std::move(summary)) {
  add_flag("-h,--help", help_, "Show this help and exit").group("General");
}

Option& Command::add(std::string_view names, Option::Target target, std::string description) {
  return options_.emplace_back(names, std::move(target), std::move(description));
}

Option& Command::add_flag(std::string_view names, bool& target, std::string description) {
  return options_.emplace_back(names, &target, std::move(description));
}

Option& Command::option(std::string_view name) {
  const auto found = std::find_if(options_.begin(), options_.end(), [&](const Option& option) {
    const auto& names = option.names();
    return std::find(names.begin(), names.end(), name) != names.end();
  });
  if (found == options_.end()) throw std::logic_error(fmt::format("no option {}", name));
  return *found;
}

Command& Command::describe(std::string text) {
  description_ = std::move(text);
  return *this;
}

Command& Command::add_example(std::string line, std::string what) {
  examples_.push_back({std::move(line), std::move(what)});
  return *this;
}

std::vector<std::string> Command::groups() const {
  std::vector<std::string> groups = {std::string(main_group)};
  for (const Option& option : options_) {
    const std::string& group = option.in_group();
    if (option.is_hidden() || option.is_argument() || group == "General") continue;
    if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
  }
  groups.emplace_back("General");
  return groups;
}

std::vector<std::string> Command::option_names() const {
  std::vector<std::string> names;
  for (const Option& option : options_) {
    if (option.is_hidden() || option.is_argument()) continue;
    names.insert(names.end(), option.names().begin(), option.names().end());
  }
  return names;
}

bool Command::parse(std::span<const std::string> arguments) {
  command_line_ = {"sicmir", name_};
  command_line_.insert(command_line_.end(), arguments.begin(), arguments.end());
  CLI::App app("", name_);
  app.set_help_flag();  // --help is one of our flags
  std::vector<CLI::Option*> parsed;
  for (Option& option : options_) {
    std::string names = joined(option.names_, ",");
    const auto add = Overloaded{
        [&](bool* flag) {
          return app.add_flag_function(names,
                                       [flag, value = !option.sets_false_](std::int64_t count) {
                                         *flag = (count > 0) == value;
                                       });
        },
        [&](const Option::Setter& set) { return app.add_option_function<std::string>(names, set); },
        [&](std::string* text) {
          if (!option.value_if_none_) return app.add_option(names, *text);
          return app.add_flag(fmt::format("{}{{{}}}", names, *option.value_if_none_), *text);
        },
        [&](std::vector<std::string>* texts) { return app.add_option(names, *texts); },
        [&](std::vector<std::int64_t>* numbers) {
          CLI::Option* added = app.add_option(names, *numbers);
          added->check([&option](const std::string& text) {
            return wrong_number<std::int64_t>(text, option.limits_);
          });
          return added;
        },
        [&]<class Number>(Number* number) {
          CLI::Option* added = app.add_option(names, *number);
          added->check([&option](const std::string& text) {
            return wrong_number<Number>(text, option.limits_);
          });
          return added;
        }};
    CLI::Option* added = std::visit(add, option.target_);
    added->required(option.required_);
    if (!option.is_flag()) added->type_name(option.value_name_);
    if (option.separator_ != 0) added->delimiter(option.separator_);
    if (option.existing_file_) added->check(CLI::ExistingFile);
    if (!option.words_.empty()) {
      added->check([&option](const std::string& text) { return wrong_word(text, option.words_); });
    }
    parsed.push_back(added);
  }
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    for (const std::string& other : options_[i].excludes_) {
      parsed[i]->excludes(app.get_option(other));
    }
  }
  // --help before all else, whatever else is wrong.
  if (std::find(arguments.begin(), arguments.end(), "--help") != arguments.end() ||
      std::find(arguments.begin(), arguments.end(), "-h") != arguments.end()) {
    return false;
  }
  const auto fail = [&](const std::string& what) {
    throw Error(ExitCode::usage,
                fmt::format("{} (See `sicmir {} --help`.)", sentence(what), name_));
  };
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // as CLI11 takes it
  } catch (const CLI::ParseError& error) {
    // What was mistyped explains what is missing.
    const std::vector<std::string> extras = app.remaining();
    for (const std::string& extra : extras) {
      if (!extra.starts_with('-') || extra == "-" || extra == "--") continue;
      const std::string name = extra.substr(0, extra.find('='));
      fail(fmt::format("{}: there is no option '{}'.{}", name_, name,
                       name.starts_with("--") ? did_you_mean(name, option_names()) : ""));
    }
    for (std::size_t i = 0; i < parsed.size(); ++i) {
      for (const std::string& other : options_[i].excludes_) {
        if (parsed[i]->count() == 0 || app.count(other) == 0) continue;
        fail(fmt::format("{} cannot be combined with {}.", options_[i].name(), other));
      }
    }
    if (!extras.empty()) fail(fmt::format("{}: unexpected argument '{}'.", name_, extras.front()));
    fail(error.what());
  }
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    options_[i].given_.reset();
    if (parsed[i]->count() > 0) options_[i].given_ = parsed[i]->results();
  }
  return true;
}

void Command::start() const {
  if (start_) start_();
}

void Command::run(const RunSettings& settings) const {
  if (work_) work_(settings);
}

}  // namespace sicmir::cli
