"""A primary whose disk was lost gets an older backup of its data directory: it takes what it lacks from its secondary, loses nothing,
and only then writes again (docs/operations/maintenance.md, Backup and restore)."""

import os
import shutil

from demo import Demo, wait_until
from holdfast_client import expect, new_id, request

PHOTO = os.urandom(2_000_000)


def comment(demo, token, message):
    url = f"{demo.primary.public}/apps/{demo.info['app']}/comments/restored"
    body = {"message": message, "commentId": new_id()}
    expect(request(demo.ca, "POST", url, body, {"Authorization": f"Bearer {token}"}), 201)


def messages(demo, region, token):
    url = f"{region.public}/apps/{demo.info['app']}/comments/restored"
    answer = expect(request(demo.ca, "GET", url, headers={"Authorization": f"Bearer {token}"}), 200)
    return [each["message"] for each in answer.json()["comments"]]


def photo(demo, region, token, method, body=None):
    url = f"{region.objects}/{demo.info['bucket']}/restored.jpg"
    return request(demo.ca, method, url, body, {"Authorization": f"Bearer {token}"})


def test_a_primary_restored_from_a_backup_takes_its_tail_back(tmp_path):
    with Demo(tmp_path / "demo") as demo:
        token = demo.sign_in(demo.primary.cognito)["AccessToken"]
        comment(demo, token, "before the backup")
        demo.wait_caught_up()
        data, backup = demo.primary.dir / "data", tmp_path / "backup"
        demo.primary.kill()
        shutil.copytree(data, backup)

        # Life goes on, through a restart: what the backup lacks is of a later incarnation, too.
        demo.primary.start()
        demo.primary.wait_writable()
        comment(demo, token, "after the backup")
        expect(photo(demo, demo.primary, token, "PUT", PHOTO), 200)
        path = f"/admin/v1/pools/{demo.info['pool']}/users"
        expect(demo.primary.admin.call("POST", path, {"username": "late", "password": "Correct-Horse-1"}), 201)
        demo.wait_caught_up()
        wait_until("the photo's bytes are at the secondary",
                   lambda: demo.primary.admin.get("/admin/v1/region")["secondaries"][0]["blobsMissing"] == 0
                   and photo(demo, demo.secondary, token, "GET").body == PHOTO)

        demo.primary.kill()
        shutil.rmtree(data)
        shutil.copytree(backup, data)
        demo.primary.start()
        demo.primary.wait_writable()

        assert messages(demo, demo.primary, token) == ["before the backup", "after the backup"]
        comment(demo, token, "after the restore")
        demo.wait_caught_up()
        for region in demo.regions:
            assert messages(demo, region, token)[-1] == "after the restore"
            assert wait_until("the photo", lambda region=region: expect(photo(demo, region, token, "GET"), 200)).body == PHOTO
            signed_in = region.cognito.sign_in(demo.info["clients"]["web"]["clientId"], "late", "Correct-Horse-1")
            assert "AuthenticationResult" in expect(signed_in, 200).json()
        assert expect(demo.primary.admin.call("POST", "/admin/v1/region/verify", {}), 200).json()["identical"]
