// The reference as a manual page.
#include <fmt/format.h>

#include "agent/config/reference.hpp"
#include "agent/config/roff.hpp"
#include "agent/config/sections.hpp"

namespace sundial::config {
namespace {

void add_settings(std::string& page, const std::vector<Setting>& settings, const std::string& prefix) {
  for (const Setting& setting : settings) {
    if (setting.shape == Shape::actions) continue;
    page += fmt::format(".TP\n\\fB{}\\fR = \\fI{}\\fR\n{}\n", roff(prefix + setting.name),
                        roff(type_in_words(setting)), roff(setting.doc));
    if (setting.shape == Shape::choice) {
      page += fmt::format("One of {}.\n", roff(fmt::format("{}", fmt::join(setting.choices, ", "))));
    }
    if (setting.required) page += "Required.\n";
    if (!setting.fallback.empty()) page += fmt::format("Default: {}.\n", roff(setting.fallback));
    add_settings(page, setting.inner, prefix + setting.name + ".");
  }
}

}  // namespace

std::string roff(std::string_view text) {
  std::string safe;
  bool code = false;
  for (char c : text) {
    if (c == '`') {
      safe += code ? "\\fR" : "\\fB";
      code = !code;
    } else if (c == '\\') {
      safe += "\\e";
    } else if (c == '-') {
      safe += "\\-";
    } else if ((c == '.' || c == '\'') && safe.empty()) {
      safe += "\\&";
      safe += c;
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string reference_manual() {
  std::string page =
      ".TH SUNDIAL.TOML 5 \"\" Sundial \"File formats\"\n"
      ".SH NAME\nsundial.toml \\- configuration of the sundial agent\n"
      ".SH SYNOPSIS\n\\fI./sundial.toml\\fR, \\fI/etc/sundial/sundial.toml\\fR, and \\fIconf.d/*.toml\\fR "
      "beside it\n"
      ".SH DESCRIPTION\n"
      "TOML in UTF\\-8. Unknown keys and wrong values are all reported in one go by \\fBsundial check\\fR, "
      "and nothing "
      "starts with them. Every string may hold \\fB${NAME}\\fR or \\fB${NAME:\\-default}\\fR from the "
      "environment. "
      "Paths are relative to the file that names them. A file that holds a secret is refused where others "
      "may read it.\n"
      ".PP\nDurations are a number with ms, s, m, h or d, or several (1h30m); sizes a number with B, KiB, "
      "MiB or GiB; "
      "times are RFC 3339 with an offset.\n";
  for (const TopTable& table : top_tables()) {
    page += fmt::format(".SH [{}{}]\n{}\n", roff(table.name), table.by_id ? ".ID" : "", roff(table.doc));
    add_settings(page, table.settings, "");
  }
  page += ".SH ACTIONS\nKeys of schedules and rules; each takes one table or a list.\n";
  for (const ActionDoc& action : action_docs()) {
    page += fmt::format(".SS {}\n{}\n", roff(model::name_of(action.kind)), roff(action.doc));
    add_settings(page, action_settings(action.kind), "");
  }
  page += ".SH ENVIRONMENT\n";
  for (const EnvironmentName& name : environment_names()) {
    page += fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(name.name), roff(name.doc));
  }
  page +=
      ".SH EXIT STATUS\n\\fBsundial check\\fR exits with 0, or with 78 where the configuration is refused.\n";
  page += ".SH SEE ALSO\nsundial(1)\n";
  return page;
}

}  // namespace sundial::config
