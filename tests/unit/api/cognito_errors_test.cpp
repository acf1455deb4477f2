#include "cognito_errors.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include "holdfast/base/json.h"

namespace holdfast::api {
namespace {

http::Response cognito_rendered(ErrorKind kind, std::string_view code, std::string message = "m",
                                int edge_status = 0) {
  http::Request request;
  request.request_id = "r-1";
  return cognito_error(Error{kind, std::string(code), std::move(message), "detail"}, edge_status, request);
}

TEST(CognitoErrors, EveryKindHasANameAndAStatusThatSdksRetryOrNot) {
  const auto of = [](ErrorKind kind) {
    const auto response = cognito_rendered(kind, "some_code");
    return std::to_string(response.status) + " " + parse_json(response.body)->at("__type").get<std::string>();
  };
  EXPECT_EQ(of(ErrorKind::invalid), "400 InvalidParameterException");
  EXPECT_EQ(of(ErrorKind::conflict), "400 InvalidParameterException");
  EXPECT_EQ(of(ErrorKind::too_large), "400 InvalidParameterException");
  EXPECT_EQ(of(ErrorKind::unauthenticated), "400 NotAuthorizedException");
  EXPECT_EQ(of(ErrorKind::forbidden), "400 NotAuthorizedException");
  EXPECT_EQ(of(ErrorKind::not_found), "400 ResourceNotFoundException");
  EXPECT_EQ(of(ErrorKind::read_only), "400 OperationNotEnabledException");
  EXPECT_EQ(of(ErrorKind::overloaded), "503 TooManyRequestsException");
  EXPECT_EQ(of(ErrorKind::unavailable), "503 InternalErrorException");
  EXPECT_EQ(of(ErrorKind::storage_full), "503 InternalErrorException");
  EXPECT_EQ(of(ErrorKind::outcome_unknown), "504 InternalErrorException");
  EXPECT_EQ(of(ErrorKind::corrupt), "500 InternalErrorException");
  EXPECT_EQ(of(ErrorKind::internal), "500 InternalErrorException");
}

TEST(CognitoErrors, CodesHaveNamesOfTheirOwn) {
  const auto name = [](std::string_view code) {
    return cognito_name(Error{ErrorKind::unauthenticated, std::string(code), "m", {}});
  };
  EXPECT_EQ(name("user_not_confirmed"), "UserNotConfirmedException");
  EXPECT_EQ(name("password_reset_required"), "PasswordResetRequiredException");
  EXPECT_EQ(name("invalid_password"), "InvalidPasswordException");
  EXPECT_EQ(name("refresh_token_reuse"), "RefreshTokenReuseException");
  EXPECT_EQ(name("unknown_operation"), "UnknownOperationException");
  EXPECT_EQ(name("client_not_found"), "ResourceNotFoundException");
  EXPECT_EQ(name("flow_not_enabled"), "InvalidParameterException");
  EXPECT_EQ(name("read_only_region"), "OperationNotEnabledException");
}

TEST(CognitoErrors, DefectsSayNothingAndNothingBreaksAHeader) {
  EXPECT_FALSE(cognito_rendered(ErrorKind::corrupt, "corrupt", "a secret thing").body.contains("secret"));
  const auto response = cognito_rendered(ErrorKind::invalid, "x", "a\r\nSet-Cookie: b\xc3\xa9");
  EXPECT_EQ(response.headers.find("x-amzn-errormessage"), "a  Set-Cookie: b  ");
  EXPECT_FALSE(response.body.contains("detail"));
}

TEST(CognitoErrors, WhatHttpItselfRefusesKeepsItsStatusAndOverloadSaysWhenToReturn) {
  EXPECT_EQ(cognito_rendered(ErrorKind::too_large, "body_too_large", "m", 413).status, 413);
  EXPECT_EQ(cognito_rendered(ErrorKind::overloaded, "overloaded").headers.find("Retry-After"), "1");
  EXPECT_FALSE(cognito_rendered(ErrorKind::invalid, "x").headers.has("Retry-After"));
}

}  // namespace
}  // namespace holdfast::api
