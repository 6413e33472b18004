// Zones through cctz, which is right beyond 2037 and fast.
#include "platform/zones/zones.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <cctz/time_zone.h>
#include <fmt/format.h>

#include "platform/base/text.hpp"

namespace sundial {
namespace {

class CctzZone final : public TimeZone {
 public:
  CctzZone(std::string name, cctz::time_zone zone) : name_(std::move(name)), zone_(zone) {}

  const std::string& name() const override { return name_; }

  CivilSeconds civil(Seconds instant) const override {
    const cctz::time_zone::absolute_lookup found = zone_.lookup(instant);
    return CivilSeconds{instant.time_since_epoch() + std::chrono::seconds{found.offset}};
  }

  CivilLookup lookup(CivilSeconds civil) const override {
    const cctz::civil_second epoch(1970, 1, 1);
    const auto found = zone_.lookup(epoch + civil.time_since_epoch().count());
    CivilLookup result;
    switch (found.kind) {
      case cctz::time_zone::civil_lookup::UNIQUE:
        result.kind = CivilLookup::Kind::unique;
        break;
      case cctz::time_zone::civil_lookup::SKIPPED:
        result.kind = CivilLookup::Kind::skipped;
        break;
      case cctz::time_zone::civil_lookup::REPEATED:
        result.kind = CivilLookup::Kind::repeated;
        break;
    }
    result.before = found.pre;
    result.transition = found.trans;
    result.after = found.post;
    return result;
  }

  std::optional<Seconds> next_transition(Seconds instant) const override {
    cctz::time_zone::civil_transition transition;
    if (!zone_.next_transition(instant, &transition)) return std::nullopt;
    return zone_.lookup(transition.to).trans;
  }

 private:
  std::string name_;
  cctz::time_zone zone_;
};

namespace fs = std::filesystem;

fs::path zone_directory() {
  const char* directory = std::getenv("TZDIR");
  return directory != nullptr && *directory != '\0' ? directory : "/usr/share/zoneinfo";
}

// A name is a relative path without surprises. "right" zones count leap seconds, which no clock here
// does.
bool is_plain_name(std::string_view name) {
  constexpr std::size_t longest = 64;
  if (name.empty() || name.size() > longest || name.front() == '/' || name.starts_with("right/"))
    return false;
  for (char c : name) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '+' || c == '-' || c == '/';
    if (!plain) return false;
  }
  return true;
}

// The library remembers every name that it was asked for, so it is asked for files of zones only.
bool is_zone_file(const fs::path& path) {
  std::array<char, 4> magic{};
  std::ifstream file(path, std::ios::binary);
  return file.read(magic.data(), magic.size()) && std::string_view(magic.data(), magic.size()) == "TZif";
}

std::vector<std::string> zone_names() {
  std::vector<std::string> names;
  std::error_code problem;
  const fs::path directory = zone_directory();
  for (fs::recursive_directory_iterator entry(directory, problem), end; !problem && entry != end;
       entry.increment(problem)) {
    std::string name = entry->path().lexically_relative(directory).string();
    if (name.starts_with("right") || name.starts_with("posix")) {
      if (entry->is_directory(problem)) entry.disable_recursion_pending();
      continue;
    }
    if (name.front() >= 'A' && name.front() <= 'Z') names.push_back(std::move(name));
  }
  return names;
}

class SystemZones final : public ZoneSource {
 public:
  Result<std::shared_ptr<const TimeZone>> find(std::string_view name) const override {
    const std::scoped_lock lock(mutex_);
    if (const auto found = loaded_.find(name); found != loaded_.end()) return found->second;
    cctz::time_zone zone;
    const bool known = name == "UTC" || (is_plain_name(name) && is_zone_file(zone_directory() / name));
    if (!known || !cctz::load_time_zone(std::string(name), &zone)) return no_such_zone(name);
    const std::shared_ptr<const TimeZone> made = std::make_shared<CctzZone>(std::string(name), zone);
    loaded_.emplace(name, made);
    return made;
  }

 private:
  // A name may come out of a message, and then in any number: people who mistype get what they meant,
  // a storm of names costs the look at one file each.
  Error no_such_zone(std::string_view name) const {
    std::optional<std::string> meant;
    if (suggestions_left_ > 0) {
      --suggestions_left_;
      if (names_.empty()) names_ = zone_names();
      const std::vector<std::string_view> names(names_.begin(), names_.end());
      meant = did_you_mean(name, names);
    }
    return {ErrorKind::invalid, fmt::format("there is no time zone '{}'; {}", printable(name, 60),
                                            meant ? fmt::format("did you mean {}?", *meant)
                                                  : "right is, for example, Europe/Berlin or UTC")};
  }

  mutable std::mutex mutex_;
  // Only what is a file of the system, so that its names bound it.
  mutable std::map<std::string, std::shared_ptr<const TimeZone>, std::less<>> loaded_;
  mutable std::vector<std::string> names_;
  mutable int suggestions_left_ = 100;
};

}  // namespace

std::unique_ptr<ZoneSource> system_zones() {
  return std::make_unique<SystemZones>();
}

std::string system_time_zone_name() {
  if (const char* name = std::getenv("TZ"); name != nullptr && *name != '\0') {
    return *name == ':' ? name + 1 : name;
  }
  std::error_code problem;
  const std::string target = std::filesystem::read_symlink("/etc/localtime", problem).string();
  constexpr std::string_view marker = "zoneinfo/";
  if (const std::size_t at = target.find(marker); !problem && at != std::string::npos) {
    return target.substr(at + marker.size());
  }
  std::ifstream file("/etc/timezone");
  std::string name;
  return std::getline(file, name) && !name.empty() ? name : "UTC";
}

}  // namespace sundial
