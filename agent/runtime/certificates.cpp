// Certificates that the configuration names and that end soon.
#include "agent/runtime/certificates.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "platform/base/text.hpp"
#include "platform/crypto/certificate.hpp"

namespace sundial::runtime {
namespace {

std::string describe(const std::string& setting, const std::string& file, Instant end, Instant now) {
  const std::string day = format_rfc3339(end, Fraction::when_needed).substr(0, 10);
  const auto left = std::chrono::floor<std::chrono::days>(end - now).count();
  const std::string when = end <= now ? fmt::format("ended on {}", day)
                           : left == 0
                               ? fmt::format("ends on {}, within a day", day)
                               : fmt::format("ends on {}, in {} day{}", day, left, left == 1 ? "" : "s");
  return fmt::format("the certificate {} ({}) {}: renew it", printable(file), setting, when);
}

}  // namespace

std::vector<std::string> certificate_warnings(const model::Configuration& configuration, const ReadFile& read,
                                              Instant now) {
  std::vector<std::string> warnings;
  const auto look = [&](const char* table, const model::TlsSettings& tls) {
    for (const auto& [key, file] : {std::pair("ca", tls.ca), std::pair("cert", tls.cert)}) {
      if (file.empty()) continue;
      const auto text = read(file);  // what can't be read is said by whoever uses it
      const auto end = text ? crypto::end_of_certificates(*text) : std::nullopt;
      if (!end || *end - now > kWarnAhead) continue;
      warnings.push_back(describe(fmt::format("[{}] tls.{}", table, key), file, *end, now));
    }
  };
  look("temporal", configuration.temporal.tls);
  if (configuration.mqtt) look("mqtt", configuration.mqtt->tls);
  look("http", configuration.http.tls);
  return warnings;
}

}  // namespace sundial::runtime
