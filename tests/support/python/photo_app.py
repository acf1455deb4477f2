"""An app with comments and a bucket at one region, and people who are signed in to it."""

from holdfast_client import Cognito, expect, request

PASSWORD = "Correct-Horse-1"
BUCKET = "photos-bucket"


class Signed:
    """One signed-in user at the objects and public listeners."""

    def __init__(self, region, tokens):
        self.region, self.token, self.refresh_token = region, tokens["AccessToken"], tokens.get("RefreshToken")

    def call(self, method, url, body=None, headers=None, timeout=60.0):
        return request(self.region.ca, method, url, body, {"Authorization": f"Bearer {self.token}", **(headers or {})}, timeout)

    def s3(self, method, path, body=None, headers=None):
        return self.call(method, f"{self.region.objects}/{BUCKET}{path}", body, headers)

    def comments(self, method, body=None, photo="beach.jpg"):
        return self.call(method, f"{self.region.public}/apps/photos/comments/{photo}", body)


def make_photo_app(region, users=("ada", "bob"), origins=()):
    """Pool, client, users, app and bucket through the admin API; the region learns `pool` and `client`."""
    admin = region.admin
    region.pool = expect(admin.call("POST", "/admin/v1/pools", {"name": "users"}), 201).json()["id"]
    region.client = expect(admin.call("POST", f"/admin/v1/pools/{region.pool}/clients", {
        "name": "web", "type": "public", "flows": ["USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH"],
        "scopes": ["aws.cognito.signin.user.admin"]}), 201).json()["clientId"]
    for name in users:
        expect(make_user(region, name), 201)
    expect(admin.call("POST", "/admin/v1/apps", {
        "appId": "photos", "pool": region.pool, "clients": [region.client], "bucket": BUCKET,
        "origins": list(origins)}), 201)


def make_user(region, name):
    return region.admin.call("POST", f"/admin/v1/pools/{region.pool}/users", {"username": name, "password": PASSWORD})


def cognito(region, timeout=60.0):
    return Cognito(region.ca, region.public, timeout)


def sign_in(region, name):
    answer = expect(cognito(region).sign_in(region.client, name, PASSWORD), 200)
    return Signed(region, answer.json()["AuthenticationResult"])
