#include "holdfast/api/objects_endpoints.h"

#include "app_api_fixture.h"
#include "holdfast/base/encoding.h"
#include "holdfast/objects/checksum.h"

namespace holdfast::api {
namespace {

using http::Headers;
using http::Method;

constexpr const char* hello_md5_base64 = "XUFAKrxLKna5cZ2REBfFkg==";
constexpr const char* hello_etag = "\"5d41402abc4b2a76b9719d911017c592\"";
constexpr const char* hello_target = "/photos-bucket/dir/hello.txt";

TEST_F(AppApiTest, WhatIsPutComesBack) {
  const auto put = call_s3(
      Method::put, hello_target, "hello",
      {{"Content-Type", "image/png"}, {"X-Amz-Meta-Camera", "X 100"}, {"Content-MD5", hello_md5_base64}});
  ASSERT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(header(put, "ETag"), hello_etag);
  EXPECT_NE(header(put, "Holdfast-Position"), "<none>");
  auto got = call_s3(Method::get, hello_target);
  ASSERT_EQ(got.status, 200);
  EXPECT_EQ(body_of(got), "hello");
  EXPECT_EQ(header(got, "ETag"), hello_etag);
  EXPECT_EQ(header(got, "Content-Type"), "image/png");
  EXPECT_EQ(header(got, "x-amz-meta-camera"), "X 100");
  EXPECT_EQ(header(got, "Last-Modified"), objects::to_http_date(region_.clock().now()));
  EXPECT_EQ(header(got, "Accept-Ranges"), "bytes");
  EXPECT_EQ(header(got, "Content-Disposition"), "<none>");
  const auto head = call_s3(Method::head, hello_target);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.head_size, 5U);
  EXPECT_EQ(header(head, "ETag"), hello_etag);
  EXPECT_EQ(header(head, "x-amz-meta-camera"), "X 100");
}

TEST_F(AppApiTest, NothingUploadedRunsAsAPage) {
  ASSERT_EQ(call_s3(Method::put, "/photos-bucket/x.html", "<script>", {{"Content-Type", "text/html"}}).status,
            200);
  const auto got = call_s3(Method::get, "/photos-bucket/x.html");
  const auto missing = call_s3(Method::get, "/photos-bucket/none");
  EXPECT_EQ(header(got, "Content-Disposition"), "attachment");
  for (const auto* response : {&got, &missing}) {
    EXPECT_EQ(header(*response, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(header(*response, "Content-Security-Policy"), "sandbox; default-src 'none'");
    EXPECT_EQ(header(*response, "Set-Cookie"), "<none>");
  }
}

TEST_F(AppApiTest, RightsThatEndDuringAnUploadWriteNothing) {
  ASSERT_EQ(call_s3(Method::put, hello_target, "before").status, 200);
  at_the_end_ = [] { return fail(ErrorKind::unauthenticated, "token_revoked", "the token is revoked"); };
  EXPECT_EQ(call_s3(Method::put, hello_target, "after").status, 401);
  at_the_end_ = [] { return user("bob"); };
  EXPECT_TRUE(is_s3_error(call_s3(Method::put, hello_target, "after", {}, user("bob", {"admin"})), 403,
                          "AccessDenied"));
  auto got = call_s3(Method::get, hello_target);
  EXPECT_EQ(body_of(got), "before");
}

TEST_F(AppApiTest, LargeBodiesStreamBothWays) {
  Bytes bytes(2'500'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 37 % 253);
  ASSERT_EQ(call_s3(Method::put, "/photos-bucket/big", bytes).status, 200);
  auto got = call_s3(Method::get, "/photos-bucket/big");
  ASSERT_TRUE(got.stream);
  EXPECT_EQ(got.stream->size(), bytes.size());
  EXPECT_EQ(body_of(got), bytes);
  EXPECT_EQ(header(got, "Content-Type"), "application/octet-stream");
  auto part = call_s3(Method::get, "/photos-bucket/big", {}, {{"Range", "bytes=1048570-1048600"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(header(part, "Content-Range"), "bytes 1048570-1048600/2500000");
  EXPECT_EQ(body_of(part), bytes.substr(1'048'570, 31));
  // Without a length, as HTTP/1.1 chunked bodies come.
  EXPECT_EQ(call_s3(Method::put, "/photos-bucket/big2", bytes, {{"Transfer-Encoding", "chunked"}}).status,
            200);
}

TEST_F(AppApiTest, ConditionsAndRangesFollowHttp) {
  ASSERT_EQ(call_s3(Method::put, hello_target, "hello").status, 200);
  const auto get = [this](Headers headers) {
    return call_s3(Method::get, hello_target, {}, std::move(headers));
  };
  const auto same = get({{"If-None-Match", hello_etag}});
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(header(same, "ETag"), hello_etag);
  EXPECT_EQ(get({{"If-None-Match", "\"other\""}}).status, 200);
  EXPECT_TRUE(is_s3_error(get({{"If-Match", "\"other\""}}), 412, "PreconditionFailed"));
  EXPECT_EQ(call_s3(Method::head, hello_target, {}, {{"If-None-Match", hello_etag}}).status, 304);
  const auto beyond = get({{"Range", "bytes=5-"}});
  EXPECT_TRUE(is_s3_error(beyond, 416, "InvalidRange")) << beyond.body;
  EXPECT_EQ(header(beyond, "Content-Range"), "bytes */5");
  EXPECT_EQ(get({{"Range", "bytes=0-1,3-4"}}).status, 200);
  EXPECT_TRUE(is_s3_error(call_s3(Method::put, hello_target, "x", {{"If-None-Match", "*"}}), 412,
                          "PreconditionFailed"));
  EXPECT_EQ(call_s3(Method::put, hello_target, "x", {{"If-Match", hello_etag}}).status, 200);
}

TEST_F(AppApiTest, AwsChunkedBodiesAreUnwrappedAndChecked) {
  const Headers headers{{"Content-Encoding", "aws-chunked"},
                        {"x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
                        {"x-amz-decoded-content-length", "5"},
                        {"x-amz-trailer", "x-amz-checksum-crc32"}};
  const auto put = [&](std::string_view body) {
    return call_s3(Method::put, hello_target, Bytes(body), headers);
  };
  const auto good = put("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n");
  ASSERT_EQ(good.status, 200) << good.body;
  EXPECT_EQ(header(good, "ETag"), hello_etag);
  EXPECT_EQ(header(good, "x-amz-checksum-crc32"), "NhCmhg==");
  auto got = call_s3(Method::get, hello_target);
  EXPECT_EQ(body_of(got), "hello");
  EXPECT_EQ(header(got, "Content-Encoding"), "<none>");
  EXPECT_TRUE(is_s3_error(put("5\r\nhellO\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"), 400, "BadDigest"));
  EXPECT_TRUE(is_s3_error(put("5\r\nhello\r\n0\r\n\r\n"), 400, "InvalidRequest"));
  EXPECT_TRUE(is_s3_error(put("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:zz\r\n\r\n"), 400, "InvalidDigest"));
  EXPECT_TRUE(
      is_s3_error(put("4\r\nhell\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"), 400, "IncompleteBody"));
  EXPECT_TRUE(is_s3_error(put("zz\r\n"), 400, "InvalidRequest"));
  auto unchanged = call_s3(Method::get, hello_target);
  EXPECT_EQ(body_of(unchanged), "hello");
}

TEST_F(AppApiTest, WhatIsAnnouncedMustHold) {
  const auto put = [this](Headers headers) {
    return call_s3(Method::put, hello_target, "hello", std::move(headers));
  };
  EXPECT_TRUE(is_s3_error(put({{"Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA=="}}), 400, "BadDigest"));
  EXPECT_TRUE(is_s3_error(put({{"Content-MD5", "short"}}), 400, "InvalidDigest"));
  EXPECT_TRUE(
      is_s3_error(put({{"x-amz-content-sha256", std::string(64, 'a')}}), 400, "XAmzContentSHA256Mismatch"));
  EXPECT_TRUE(is_s3_error(put({{"x-amz-content-sha256", "rubbish"}}), 400, "InvalidRequest"));
  EXPECT_TRUE(is_s3_error(put({{"x-amz-checksum-crc32", "AAAAAA=="}}), 400, "BadDigest"));
  EXPECT_TRUE(is_s3_error(put({{"x-amz-checksum-sha1", "AAAA"}}), 501, "NotImplemented"));
  EXPECT_TRUE(is_s3_error(put({{"x-amz-checksum-crc32", "NhCmhg=="}, {"x-amz-checksum-crc32c", "AAAAAA=="}}),
                          400, "InvalidRequest"));
  EXPECT_TRUE(is_s3_error(put({{"Content-Encoding", "gzip"}}), 415, "InvalidArgument"));
  EXPECT_TRUE(is_s3_error(put({{"Content-Encoding", "aws-chunked"}}), 411, "MissingContentLength"));
  EXPECT_TRUE(is_s3_error(put({{"x-amz-trailer", "x-amz-checksum-crc32"}}), 400, "InvalidRequest"));
  EXPECT_TRUE(is_s3_error(put({{"x-amz-copy-source", "/a/b"}}), 501, "NotImplemented"));
  EXPECT_TRUE(is_s3_error(put({{"x-amz-acl", "public-read"}}), 400, "AccessControlListNotSupported"));
  EXPECT_TRUE(is_s3_error(put({{"X-Amz-Grant-Read", "id=\"1\""}}), 400, "AccessControlListNotSupported"));
  EXPECT_TRUE(is_s3_error(put({{"x-amz-object-lock-legal-hold", "ON"}}), 501, "NotImplemented"));
  EXPECT_TRUE(is_s3_error(put({{"x-amz-meta-a", std::string(3'000, 'v')}}), 400, "MetadataTooLarge"));
  EXPECT_TRUE(is_s3_error(call_s3(Method::get, hello_target), 404, "NoSuchKey"));
  EXPECT_EQ(
      put({{"x-amz-content-sha256", to_hex(crypto::sha256("hello"))}, {"x-amz-checksum-crc32", "NhCmhg=="}})
          .status,
      200);
}

TEST_F(AppApiTest, OtherOperationsOfS3AreNotTakenForPlainOnes) {
  ASSERT_EQ(call_s3(Method::put, hello_target, "hello").status, 200);
  for (const auto* query :
       {"?acl", "?tagging", "?uploads", "?partNumber=1&uploadId=x", "?versionId=1", "?torrent"}) {
    for (const auto method : {Method::put, Method::get, Method::head, Method::del}) {
      EXPECT_EQ(call_s3(method, hello_target + std::string(query), "x").status, 501) << query;
    }
  }
  auto got = call_s3(Method::get, hello_target + std::string("?x-id=GetObject"));
  EXPECT_EQ(body_of(got), "hello");
  EXPECT_TRUE(is_s3_error(call_s3(Method::get, "/photos-bucket"), 501, "NotImplemented"));
  EXPECT_TRUE(
      is_s3_error(call_s3(Method::get, "/photos-bucket?list-type=2&versions"), 501, "NotImplemented"));
}

TEST_F(AppApiTest, OperationsWithoutARowAreNotImplemented) {
  const std::vector<std::pair<Method, std::string>> others = {
      {Method::post, "/photos-bucket?delete"},
      {Method::post, "/photos-bucket/"},
      {Method::put, "/photos-bucket"},
      {Method::put, "/new-bucket"},
      {Method::del, "/photos-bucket"},
      {Method::patch, "/photos-bucket"},
      {Method::post, hello_target + std::string("?uploads")},
      {Method::patch, hello_target}};
  for (const auto& [method, target] : others) {
    EXPECT_TRUE(is_s3_error(call_s3(method, target, "x"), 501, "NotImplemented"))
        << http::to_string(method) << " " << target;
  }
  EXPECT_EQ(call_s3(Method::head, "/photos-bucket").status, 200) << "it is still there";
}

TEST_F(AppApiTest, AnObjectIsNotMadeOfABodyThatNobodyAnnounced) {
  EXPECT_TRUE(is_s3_error(call_s3_as_is(Method::put, hello_target), 411, "MissingContentLength"));
  EXPECT_EQ(call_s3(Method::head, hello_target).status, 404);
  EXPECT_EQ(call_s3_as_is(Method::put, hello_target, "", {{"Content-Length", "0"}}).status, 200);
  EXPECT_EQ(call_s3(Method::head, hello_target).head_size, 0U);
}

TEST_F(AppApiTest, RefusalsNameStateOrPrimary) {
  set_state(apps::AppState::fenced);
  const auto fenced = call_s3(Method::put, hello_target, "hello");
  EXPECT_TRUE(is_s3_error(fenced, 403, "AccessDenied"));
  EXPECT_TRUE(fenced.body.contains("fenced"));
  set_state(apps::AppState::failover);
  EXPECT_TRUE(call_s3(Method::del, hello_target).body.contains("failover"));
  set_state(apps::AppState::active);
  region_.become_secondary();
  const auto elsewhere = call_s3(Method::put, hello_target, "hello");
  EXPECT_TRUE(is_s3_error(elsewhere, 403, "AccessDenied"));
  EXPECT_TRUE(elsewhere.body.contains("https://us-east-1.example:8443")) << elsewhere.body;
}

TEST_F(AppApiTest, OnlyWhoMayReplacesAndDeletes) {
  ASSERT_EQ(call_s3(Method::put, hello_target, "hello").status, 200);
  EXPECT_TRUE(is_s3_error(call_s3(Method::put, hello_target, "x", {}, user("bob")), 403, "AccessDenied"));
  EXPECT_TRUE(is_s3_error(call_s3(Method::del, hello_target, {}, {}, user("bob")), 403, "AccessDenied"));
  EXPECT_EQ(call_s3(Method::get, hello_target, {}, {}, user("bob")).status, 200);
  const auto gone = call_s3(Method::del, hello_target, {}, {}, user("eve", {"admin"}));
  EXPECT_EQ(gone.status, 204);
  EXPECT_NE(header(gone, "Holdfast-Position"), "<none>");
  EXPECT_EQ(call_s3(Method::del, hello_target).status, 204);
  identity::VerifiedUser machine;
  machine.client = ClientId("m2m");
  ASSERT_EQ(call_s3(Method::put, hello_target, "x", {}, http::Principal::of(machine)).status, 200);
  EXPECT_EQ(region_.run(objects_.head(bucket_, "dir/hello.txt"))->owner, "m2m");
}

TEST_F(AppApiTest, PendingBytesAreToldApart) {
  ASSERT_EQ(call_s3(Method::put, "/photos-bucket/big", Bytes(100'000, 'a')).status, 200);
  const auto object = region_.run(objects_.head(bucket_, "big"));
  test::TestRegion::must(blobs_.remove(*object->blob));
  const auto pending = call_s3(Method::get, "/photos-bucket/big");
  EXPECT_TRUE(is_s3_error(pending, 503, "ServiceUnavailable"));
}

TEST_F(AppApiTest, ListingsAreWhatSdksParse) {
  for (const auto* key : {"/photos-bucket/a%26b", "/photos-bucket/dir/x", "/photos-bucket/z%20z"}) {
    ASSERT_EQ(call_s3(Method::put, key, "hello").status, 200);
  }
  const auto listed = call_s3(Method::get, "/photos-bucket?list-type=2&delimiter=%2F");
  ASSERT_EQ(listed.status, 200);
  EXPECT_EQ(header(listed, "Content-Type"), "application/xml");
  const auto time = to_rfc3339(region_.clock().now());
  const auto contents = [&](std::string_view key) {
    return "<Contents><Key>" + std::string(key) + "</Key><LastModified>" + time +
           "</LastModified><ETag>&quot;5d41402abc4b2a76b9719d911017c592&quot;</ETag><Size>5</Size>"
           "<StorageClass>STANDARD</StorageClass></Contents>";
  };
  EXPECT_EQ(listed.body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>photos-bucket</Name>"
            "<Prefix></Prefix><Delimiter>/</Delimiter><MaxKeys>1000</MaxKeys><KeyCount>3</KeyCount>"
            "<IsTruncated>false</IsTruncated>" +
                contents("a&amp;b") + contents("z z") +
                "<CommonPrefixes><Prefix>dir/</Prefix></CommonPrefixes></ListBucketResult>");
  const auto encoded =
      call_s3(Method::get, "/photos-bucket/?list-type=2&encoding-type=url&fetch-owner=true&prefix=z");
  EXPECT_TRUE(encoded.body.contains("<Key>z%20z</Key>")) << encoded.body;
  EXPECT_TRUE(encoded.body.contains("<Owner><ID>sub-ada</ID><DisplayName>ada</DisplayName></Owner>"));
  EXPECT_TRUE(encoded.body.contains("<EncodingType>url</EncodingType>"));
}

TEST_F(AppApiTest, ListingsPageByToken) {
  for (const auto* key : {"a", "b", "c"}) {
    ASSERT_EQ(call_s3(Method::put, std::string("/photos-bucket/") + key, "v").status, 200);
  }
  const auto first = call_s3(Method::get, "/photos-bucket?list-type=2&max-keys=2").body;
  EXPECT_TRUE(first.contains("<IsTruncated>true</IsTruncated>"));
  const std::string open = "<NextContinuationToken>";
  const auto begin = first.find(open) + open.size();
  const auto token = first.substr(begin, first.find('<', begin) - begin);
  const auto second = call_s3(Method::get, "/photos-bucket?list-type=2&continuation-token=" + token).body;
  EXPECT_TRUE(second.contains("<Key>c</Key>"));
  EXPECT_TRUE(second.contains("<KeyCount>1</KeyCount>"));
  EXPECT_TRUE(call_s3(Method::get, "/photos-bucket?list-type=2&start-after=b")
                  .body.contains("<KeyCount>1</KeyCount>"));
  EXPECT_TRUE(call_s3(Method::get, "/photos-bucket?list-type=2&max-keys=9999")
                  .body.contains("<MaxKeys>1000</MaxKeys>"));
  for (const auto* bad : {"max-keys=x", "max-keys=-1", "continuation-token=x", "encoding-type=xml",
                          "prefix=a&prefix=b", "list-type=2"}) {
    EXPECT_TRUE(is_s3_error(call_s3(Method::get, std::string("/photos-bucket?list-type=2&") + bad), 400,
                            "InvalidArgument"))
        << bad;
  }
}

TEST_F(AppApiTest, BucketsThatAreNotThere) {
  EXPECT_TRUE(is_s3_error(call_s3(Method::get, "/no-bucket?list-type=2"), 404, "NoSuchBucket"));
  EXPECT_TRUE(is_s3_error(call_s3(Method::put, "/no-bucket/k", "v"), 404, "NoSuchBucket"));
  EXPECT_EQ(call_s3(Method::head, "/no-bucket").status, 404);
  EXPECT_EQ(call_s3(Method::head, "/photos-bucket").status, 200);
  EXPECT_EQ(call_s3(Method::head, "/photos-bucket/").status, 200);
  EXPECT_TRUE(is_s3_error(call_s3(Method::put, "/photos-bucket/" + std::string(1'025, 'k'), "v"), 400,
                          "KeyTooLongError"));
}

TEST_F(AppApiTest, PagesOfTheBucketsAppMayCall) {
  ASSERT_EQ(
      call_admin(Method::patch, "/admin/v1/apps/photos", R"({"origins":["https://photos.example"]})").status,
      200);
  const auto allowed = call_s3(Method::get, hello_target, {}, {{"Origin", "https://photos.example"}});
  EXPECT_EQ(header(allowed, "Access-Control-Allow-Origin"), "https://photos.example");
  const auto refused = call_s3(Method::get, hello_target, {}, {{"Origin", "https://evil.example"}});
  EXPECT_EQ(header(refused, "Access-Control-Allow-Origin"), "<none>");
  const auto preflight = call_s3(Method::options, hello_target, {}, {{"Origin", "https://photos.example"}});
  EXPECT_EQ(preflight.status, 204);
  EXPECT_TRUE(header(preflight, "Access-Control-Allow-Methods").contains("PUT"));
}

TEST_F(AppApiTest, EdgeErrorsAreS3sToo) {
  http::Request request;
  request.target = http::parse_target("/b/%01%3C").value();
  request.request_id = "r-7";
  const auto response =
      s3_error_response({ErrorKind::too_large, "body_too_large", "too <large>", {}}, 413, request);
  EXPECT_TRUE(is_s3_error(response, 400, "EntityTooLarge"));
  EXPECT_TRUE(response.body.contains("too &lt;large&gt;"));
  EXPECT_TRUE(response.body.contains("<Resource>/b/\xef\xbf\xbd&lt;</Resource>")) << response.body;
  EXPECT_TRUE(response.body.contains("<RequestId>r-7</RequestId>"));
  const auto defect = s3_error_response({ErrorKind::internal, "internal", "secret cause", {}}, 0, request);
  EXPECT_TRUE(is_s3_error(defect, 500, "InternalError"));
  EXPECT_FALSE(defect.body.contains("secret"));
  const auto unsigned_in =
      s3_error_response({ErrorKind::unauthenticated, "unauthenticated", "m", {}}, 0, request);
  EXPECT_EQ(unsigned_in.status, 401);
  EXPECT_EQ(header(unsigned_in, "WWW-Authenticate"), "Bearer");
}

}  // namespace
}  // namespace holdfast::api
