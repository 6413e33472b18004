// Fuzz target for the configuration: any bytes are a configuration or a list of problems with places,
// and the same bytes are the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "agent/config/load.hpp"

namespace {

using namespace sundial;
using namespace sundial::config;

void require(bool holds) {
  if (!holds) std::abort();
}

Loaded load_bytes(const std::string& bytes) {
  Sources sources;
  sources.config_file = "t.toml";
  sources.environment = {{"NAME", "value"}, {"EMPTY", ""}};
  sources.host_name = "host";
  sources.system_time_zone = "UTC";
  sources.look_at_files = false;
  sources.files = {
      .read = [&](const std::string& path, std::size_t limit) -> Result<std::string> {
        if (path != "t.toml" || bytes.size() > limit) return Error(ErrorKind::not_found, "cannot be read");
        return bytes;
      },
      .list = [](const std::string&) { return Result<std::vector<std::string>>(std::vector<std::string>{}); },
      .exists = [](const std::string& path) { return path == "t.toml"; },
      .others_may_read = [](const std::string&) { return false; },
  };
  return load(sources);
}

std::vector<std::string> lines_of(Loaded& loaded) {
  sort_problems(loaded.problems, loaded.files);
  std::vector<std::string> lines;
  for (const model::Problem& problem : loaded.problems) {
    lines.push_back(model::format_problem(problem));
    require(lines.back().find('\n') == std::string::npos);  // one line each, whatever was quoted
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes are text here
  Loaded once = load_bytes(bytes), again = load_bytes(bytes);
  require(lines_of(once) == lines_of(again));
  require(once.configuration.rules.size() == again.configuration.rules.size());
  return 0;
}
