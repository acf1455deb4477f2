#include "apps_json.h"

#include "holdfast/api/json_body.h"
#include "holdfast/base/json_writer.h"

namespace holdfast::api {
namespace {

template <class Id>
nlohmann::json names_of(const std::vector<Id>& ids) {
  auto names = nlohmann::json::array();
  for (const auto& id : ids) names.push_back(id.str());
  return names;
}

void write_comment(JsonWriter& json, const apps::Comment& comment) {
  json.open_object().name("commentId").text(comment.id.str());
  json.name("createdAt").text(to_rfc3339(comment.created_at));
  json.name("message").text(comment.message).name("photoId").text(comment.photo);
  json.name("user").text(comment.user).close_object();
}

}  // namespace

nlohmann::json to_json(const apps::App& app, const apps::StateRecord& state) {
  return {{"appId", app.id.str()},
          {"pool", app.pool.str()},
          {"clients", names_of(app.clients)},
          {"bucket", text_or_null(app.bucket)},
          {"origins", app.web_origins},
          {"acceptIdToken", app.accept_id_token},
          {"automaticFailover", app.automatic_failover},
          {"createdAt", to_rfc3339(app.created_at)},
          {"state", apps::to_string(state.state)},
          {"version", state.version}};
}

http::Response state_response(const apps::StateView& view) {
  JsonWriter json;
  json.open_object().name("appId").text(view.app.str()).name("regions").open_array();
  for (const auto& region : view.regions) {
    json.open_object()
        .name("name")
        .text(region.name)
        .name("objectsUrl")
        .text_or_null(region.objects_url)
        .name("publicUrl")
        .text_or_null(region.public_url)
        .name("role")
        .text(region.role)
        .close_object();
  }
  json.close_array().name("region").text_or_null(view.region);
  json.name("state").text(apps::to_string(view.state)).name("version").number(view.version);
  json.name("writesEnabled").flag(view.writes_enabled).close_object();
  return json_text_response(200, json.take());
}

nlohmann::json to_json(const apps::Comment& comment) {
  return {{"commentId", comment.id.str()},
          {"photoId", comment.photo},
          {"user", comment.user},
          {"message", comment.message},
          {"createdAt", to_rfc3339(comment.created_at)}};
}

std::string to_json_text(const apps::Comment& comment) {
  JsonWriter json;
  write_comment(json, comment);
  return json.take();
}

std::string to_json_text(const apps::CommentPage& page) {
  JsonWriter json;
  json.open_object().name("comments").open_array();
  for (const auto& comment : page.comments) write_comment(json, comment);
  json.close_array().name("next").text_or_null(page.next).close_object();
  return json.take();
}

nlohmann::json to_json(const objects::Bucket& bucket) {
  return {{"name", bucket.name}, {"app", bucket.app.str()}, {"createdAt", to_rfc3339(bucket.created_at)}};
}

}  // namespace holdfast::api
