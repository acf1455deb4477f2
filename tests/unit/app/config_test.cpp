#include "holdfast/app/config.h"

#include <gtest/gtest.h>

#include <stdlib.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <sstream>

namespace holdfast::app {
namespace {

constexpr std::string_view smallest = R"({"region": "us-east-1", "issuer_base": "https://localhost:8443"})";

std::string message_of(std::string_view text, const std::vector<Override>& overrides = {}) {
  const auto config = parse_config(text, "/etc/holdfast.json", overrides);
  if (config) return "accepted";
  EXPECT_EQ(config.error().kind, ErrorKind::invalid);
  EXPECT_EQ(config.error().code, "invalid_configuration");
  return config.error().message;
}

TEST(Config, TheSmallestFileGetsSafeDefaults) {
  const auto config = parse_config(smallest, "/etc/holdfast.json");
  ASSERT_TRUE(config) << config.error().describe();
  EXPECT_EQ(config->admin_listener.address, "127.0.0.1:8445");
  EXPECT_EQ(config->free_space_floor_bytes, 512U * 1024 * 1024);
  EXPECT_EQ(config->data_dir, "/etc/data");
  EXPECT_TRUE(config->boot_requires_peers);
  EXPECT_TRUE(config->acknowledge.empty());
}

TEST(Config, AnErrorNamesFileKeyAndWhatWasExpected) {
  EXPECT_EQ(message_of(R"({"issuer_base": "https://localhost:8443"})"),
            "/etc/holdfast.json: region: is missing: expected a name of 1-32 lower-case letters, digits and "
            "dashes, like "
            "\"us-east-1\"");
  EXPECT_EQ(message_of(smallest, {{"listeners.public.address", "localhost"}}),
            "/etc/holdfast.json: listeners.public.address: expected \"IP:PORT\", got \"localhost\"");
  EXPECT_EQ(message_of(smallest, {{"listeners.public.adress", "127.0.0.1:1"}}),
            "/etc/holdfast.json: listeners.public.adress: no such key; the nearest is "
            "\"listeners.public.address\" (all: "
            "docs/configuration.md)");
}

TEST(Config, RefusesValuesOutOfBounds) {
  const std::vector<Override> wrong = {
      {"threads.io", "257"},
      {"threads.io", "-1"},
      {"threads.io", "1.5"},
      {"threads.io", "two"},
      {"passwords.memory_kib", "64"},
      {"passwords.memory_kib", "1048576"},
      {"storage.max_object_bytes", "5368709121"},
      {"log.level", "loud"},
      {"hosts", "localhost"},
      {"hosts", "[\"a b\"]"},
      {"hosts", "[]"},
      {"boot.require_peers", "some"},
      {"replication.acknowledge.all", "2 of 1"},
      {"issuer_base", "http://a"},
      {"issuer_base", "https://a/b"},
      {"region", "US"},
      {"region", "-a"},
      {"data_dir", ""},
      {"listeners.public.trusted_proxies", "[\"10.0.0.0/33\"]"},
      {"listeners.public.address", "1.2.3.4:0"},
      {"listeners.public.enabled", "1"},
  };
  for (const auto& setting : wrong) {
    EXPECT_NE(message_of(smallest, {setting}), "accepted") << setting.first << "=" << setting.second;
    EXPECT_FALSE(check_override(setting)) << setting.first << "=" << setting.second;
  }
}

TEST(Config, RefusesPasswordCostsThatHashingWouldRefuseOrThatAreTooCheap) {
  const auto cost = [](std::string memory_kib, std::string iterations) {
    return message_of(smallest, {{"passwords.memory_kib", memory_kib}, {"passwords.iterations", iterations}});
  };
  EXPECT_EQ(cost("7168", "5"), "accepted");
  EXPECT_EQ(cost("262144", "4"), "accepted");
  EXPECT_NE(cost("1048576", "1"), "accepted");
  EXPECT_NE(cost("262144", "5"), "accepted");
  EXPECT_EQ(
      cost("8192", "1"),
      "/etc/holdfast.json: passwords: Argon2id iterations must be 1 to 32, and memory × iterations 35840 to "
      "1048576 KiB, not 1 iterations");
}

TEST(Config, NoTwoSocketsShareAnAddress) {
  EXPECT_EQ(
      message_of(smallest, {{"listeners.admin.address", "127.0.0.1:8443"}}),
      "/etc/holdfast.json: listeners.admin.address: 127.0.0.1:8443: expected an address and port of its "
      "own, listeners.public.address is 0.0.0.0:8443");
  const auto public_at = [](std::string address, std::string admin) {
    return message_of(smallest, {{"listeners.public.address", std::move(address)},
                                 {"listeners.admin.address", std::move(admin)}});
  };
  EXPECT_EQ(public_at("192.0.2.1:8443", "127.0.0.1:8443"), "accepted") << "two addresses, one port";
  EXPECT_EQ(public_at("[::1]:8443", "127.0.0.1:8443"), "accepted");
  EXPECT_NE(public_at("[::1]:8443", "[::1]:8443"), "accepted");
  EXPECT_NE(public_at("[::]:8443", "127.0.0.1:8443"), "accepted");
  EXPECT_NE(message_of(smallest, {{"listeners.public.proxy_address", "0.0.0.0:8443"}}), "accepted");
  EXPECT_EQ(message_of(smallest, {{"listeners.objects.address", "0.0.0.0:8443"},
                                  {"listeners.objects.enabled", "false"}}),
            "accepted")
      << "a listener that is off binds nothing";
}

TEST(Config, TakesOverridesAsJsonOrPlainText) {
  const auto config = parse_config(smallest, "/etc/holdfast.json",
                                   {{"log.level", "debug"},
                                    {"threads.io", "3"},
                                    {"replication.acknowledge.all", "1 of 1"},
                                    {"hosts", R"(["a.example"])"}});
  ASSERT_TRUE(config) << config.error().describe();
  EXPECT_EQ(config->log_level, log::Level::debug);
  EXPECT_EQ(config->io_threads, 3U);
  EXPECT_EQ(config->acknowledge.at("all").needed, 1U);
  EXPECT_EQ(config->hosts, std::vector<std::string>{"a.example"});
}

TEST(Config, TextTakesSettingsInPlaceOfWhatItSays) {
  const auto text = with_settings(R"({"region":"a","log":{"level":"info","format":"text"}})",
                                  {{"log.level", "debug"}, {"threads.io", "2"}});
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(
      nlohmann::json::parse(*text),
      nlohmann::json::parse(R"({"region":"a","log":{"level":"debug","format":"text"},"threads":{"io":2}})"));
  EXPECT_FALSE(with_settings("{}", {{"no.such", "1"}}));
  EXPECT_FALSE(with_settings("{", {}));
  for (const auto* odd : {"[]", R"({"log":3})", R"({"log":["level"]})"}) {
    const auto refused = with_settings(odd, {{"log.level", "debug"}});
    ASSERT_FALSE(refused) << odd;
    EXPECT_EQ(refused.error().message, "log.level: what is there in its place is no JSON object");
  }
}

TEST(Config, RefusesWhatIsNoObject) {
  for (const auto* text : {"", "[]", "{", "{} {}", R"({"region":"a","region":"b"})"}) {
    EXPECT_NE(message_of(text), "accepted") << text;
  }
}

TEST(Config, AKeyHasOneSpelling) {
  const std::string rest = R"("region": "us-east-1", "issuer_base": "https://localhost:8443"})";
  EXPECT_EQ(message_of(R"({"log.level": "debug", )" + rest),
            "/etc/holdfast.json: \"log.level\": no such name; dots stand for nesting, as in "
            "{\"log\": {\"level\": \"info\"}}");
  for (const auto* twice : {R"({"": {"log": {"level": "debug"}}, )", R"({"log": {"": "debug"}, )",
                            R"({"listeners": {"public.address": "127.0.0.1:1"}, )"})
    EXPECT_NE(message_of(twice + rest), "accepted") << twice;
}

TEST(Config, APathMayBeginWithTheCredentialsDirectory) {
  const std::vector<Override> settings = {{"region_key_file", "${CREDENTIALS_DIRECTORY}/region.key"}};
  unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_EQ(parse_config(smallest, "/etc/holdfast.json", settings)->region_key_file,
            "${CREDENTIALS_DIRECTORY}/region.key");
  setenv("CREDENTIALS_DIRECTORY", "/run/credentials/holdfast.service", 1);
  EXPECT_EQ(parse_config(smallest, "/etc/holdfast.json", settings)->region_key_file,
            "/run/credentials/holdfast.service/region.key");
  unsetenv("CREDENTIALS_DIRECTORY");
}

TEST(Config, AMissingFileIsNamed) {
  const auto config = load_config("/nonexistent/holdfast.json");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().message, "/nonexistent/holdfast.json: cannot be read: No such file or directory");
}

}  // namespace
}  // namespace holdfast::app
