// Zones through cctz, which is right beyond 2037 and fast.
#include "platform/zones/zones.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include <cctz/time_zone.h>
#include <fmt/format.h>

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

class SystemZones final : public ZoneSource {
 public:
  Result<std::shared_ptr<const TimeZone>> find(std::string_view name) const override {
    cctz::time_zone zone;
    if (!cctz::load_time_zone(std::string(name), &zone)) {
      return Error(ErrorKind::invalid, fmt::format("there is no time zone '{}'", name));
    }
    return std::shared_ptr<const TimeZone>(std::make_shared<CctzZone>(std::string(name), zone));
  }
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
