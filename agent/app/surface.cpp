// The HTTP surface's settings, from the configuration and the secrets that it names.
#include "agent/app/surface.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "platform/base/text.hpp"
#include "platform/linux/clock.hpp"

namespace sundial::app {
namespace {

constexpr std::size_t kMaxTokenFile = 64 * 1024;

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Result<std::string> made_token(const std::string& path, const config::Files& files, Disk& disk, Log& log) {
  if (files.exists(path)) return files.read(path, kMaxTokenFile);
  auto token = api::new_token();
  if (!token) return token;
  auto file = disk.open(path, Opening::create);
  if (!file) return file.error();
  if (auto written = (*file)->write_at(0, *token + "\n"); !written) return written.error();
  if (auto synced = (*file)->sync(); !synced) return synced.error();
  log.info("http.token_made", "callers need the token in this file", {{"file", path}});
  return token;
}

// The start by the clock as it is now, which at the start may have been wrong; a clock that is only kept in
// pace moves it by nothing.
double start_time(Elapsed began) {
  constexpr double kStep = 1.0;
  static double told = 0;
  const Moment now = LinuxClock().now();
  const double start =
      std::chrono::duration<double>((now.wall - (now.elapsed - began)).time_since_epoch()).count();
  if (std::abs(start - told) > kStep) told = start;
  return told;
}

api::ProcessFigures process_figures(Elapsed began) {
  api::ProcessFigures figures;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  figures.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  long pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  figures.virtual_bytes = static_cast<double>(pages) * page;
  figures.resident_bytes = static_cast<double>(resident) * page;
  std::error_code ignored;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", ignored)) {
    figures.open_descriptors += 1;
  }
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/task", ignored)) {
    figures.threads += 1;
  }
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  figures.max_descriptors = static_cast<double>(limit.rlim_cur);
  figures.start_time_seconds = start_time(began);
  return figures;
}

}  // namespace

Result<api::ApiSettings> surface_settings(const model::Configuration& configuration,
                                          const config::Files& files, Disk& disk, Log& log) {
  api::ApiSettings settings;
  const model::HttpSettings& http = configuration.http;
  settings.gate.hosts = http.hosts;
  settings.gate.device = configuration.device.name;
  settings.gate.listen = http.listen;
  Result<std::string> tokens = std::string();
  if (!http.token_file.empty()) {
    tokens = files.read(http.token_file, kMaxTokenFile);
  } else if (!is_loopback(api::host_of(http.listen))) {
    tokens = made_token(configuration.store.path + "/token", files, disk, log);
  }
  if (!tokens) return tokens.error();
  if (!tokens->empty() || !http.token_file.empty()) {
    auto parsed = api::parse_tokens(*tokens);
    if (!parsed) return parsed.error().within("[http] token_file");
    settings.gate.tokens = std::move(*parsed);
  }
  for (const auto& [name, file] : configuration.webhook_secret_files) {
    auto secret = config::read_secret(files, file);
    if (!secret) return secret.error();
    settings.webhook_secrets[name] = std::move(*secret);
  }
  static const Elapsed began = LinuxClock().now().elapsed;  // of the process: a reload begins nothing
  settings.process = [] { return process_figures(began); };
  settings.disk_bytes = [path = configuration.store.path]() -> std::optional<std::uint64_t> {
    std::error_code unknown;
    const auto space = std::filesystem::space(path, unknown);
    return unknown ? std::nullopt : std::optional<std::uint64_t>(space.capacity);
  };
  return settings;
}

}  // namespace sundial::app
