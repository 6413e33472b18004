// A certificate for tests, and when it ends.
#pragma once

namespace sundial::testing_support {

inline constexpr const char* kCertificate =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBczCCARmgAwIBAgIUTxi+9mAc+au6J1hiOkdMs+QGlxAwCgYIKoZIzj0EAwIw\n"
    "DzENMAsGA1UEAwwEdGVzdDAeFw0yNjExMjEyMDQwMDJaFw0yNzExMjEyMDQwMDJa\n"
    "MA8xDTALBgNVBAMMBHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQ86lGQ\n"
    "BckbOTuhXkvSqq5FETR4hkUq0eWRSCyQizB44lpHYjU/bGth69jBkphKH2rj1RLq\n"
    "oJ1AfyKtb0iFJHp0o1MwUTAdBgNVHQ4EFgQUgvbDlDECRGfr/GkyOfOrU3Gja4ww\n"
    "HwYDVR0jBBgwFoAUgvbDlDECRGfr/GkyOfOrU3Gja4wwDwYDVR0TAQH/BAUwAwEB\n"
    "/zAKBggqhkjOPQQDAgNIADBFAiAjQaZWzOORpAFdyPv0l7HU8k6CAMUMj+xZ0DMp\n"
    "nC9hBgIhAPshpoOlytqMOQpuYDZ1ipfMS5vRtI3SrXUUs+Q40iBp\n"
    "-----END CERTIFICATE-----\n";
inline constexpr const char* kCertificateEnd = "2027-11-21T20:40:02Z";

}  // namespace sundial::testing_support
