// When certificates end.
#include "platform/crypto/certificate.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/certificate.hpp"

namespace sundial {
namespace {

using testing_support::kCertificate;
using testing_support::kCertificateEnd;

TEST(Certificate, EndsWhenItSays) {
  const auto end = crypto::end_of_certificates(kCertificate);
  ASSERT_TRUE(end);
  EXPECT_EQ(format_rfc3339(*end, Fraction::when_needed), kCertificateEnd);
  EXPECT_EQ(crypto::end_of_certificates(std::string(kCertificate) + kCertificate), end) << "a chain";
}

TEST(Certificate, OfNothingHasNoEnd) {
  EXPECT_FALSE(crypto::end_of_certificates(""));
  EXPECT_FALSE(crypto::end_of_certificates("garbage"));
  const std::string whole = kCertificate;
  EXPECT_FALSE(crypto::end_of_certificates(whole.substr(0, whole.size() / 2)));
  EXPECT_FALSE(crypto::end_of_certificates("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
}

}  // namespace
}  // namespace sundial
