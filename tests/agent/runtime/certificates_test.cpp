// Warnings of certificates that end soon.
#include "agent/runtime/certificates.hpp"

#include <gtest/gtest.h>

#include "tests/support/certificate.hpp"

namespace sundial::runtime {
namespace {

using std::chrono::hours;

class Certificates : public testing::Test {
 protected:
  std::vector<std::string> warnings(Millis before_the_end) {
    return certificate_warnings(
        configuration_,
        [](const std::string& path) -> Result<std::string> {
          if (path == "garbage.pem") return std::string("garbage");
          if (path != "client.pem") return Error(ErrorKind::not_found, "no such file");
          return std::string(testing_support::kCertificate);
        },
        *parse_rfc3339(testing_support::kCertificateEnd) - before_the_end);
  }

  model::Configuration configuration_;
};

TEST_F(Certificates, AreNamedThirtyDaysAhead) {
  configuration_.temporal.tls.cert = "client.pem";
  EXPECT_TRUE(warnings(hours{24 * 31}).empty());
  const auto soon = warnings(hours{24 * 30});
  ASSERT_EQ(soon.size(), 1U);
  EXPECT_NE(soon.front().find("client.pem ([temporal] tls.cert) ends on "), std::string::npos)
      << soon.front();
  EXPECT_NE(soon.front().find("in 30 days"), std::string::npos) << soon.front();
  EXPECT_NE(warnings(hours{30}).front().find("in 1 day:"), std::string::npos);
  EXPECT_NE(warnings(hours{5}).front().find("within a day"), std::string::npos);
  EXPECT_NE(warnings(hours{-5}).front().find("ended on "), std::string::npos);
}

TEST_F(Certificates, AreThoseOfEveryTableAndOnlyThoseThatCanBeRead) {
  configuration_.temporal.tls.ca = "gone.pem";
  configuration_.temporal.tls.cert = "garbage.pem";
  EXPECT_TRUE(warnings(hours{0}).empty());
  configuration_.mqtt.emplace().tls.ca = "client.pem";
  configuration_.http.tls.cert = "client.pem";
  EXPECT_EQ(warnings(hours{0}).size(), 2U);
}

}  // namespace
}  // namespace sundial::runtime
