-- Additional column for the SHA-256 HA1 (RFC 7616). Does not affect Kamailio and kamctl, which name the columns that
-- they use. Because kamctl would keep the hash of the old password in it, the trigger empties it when only ha1 is
-- changed.

-- statement
ALTER TABLE subscriber ADD COLUMN IF NOT EXISTS ha1_sha256 VARCHAR(64) DEFAULT NULL;

-- statement
CREATE OR REPLACE FUNCTION sipproxy_subscriber_sha256() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.ha1 IS DISTINCT FROM OLD.ha1 AND NEW.ha1_sha256 IS NOT DISTINCT FROM OLD.ha1_sha256 THEN
        NEW.ha1_sha256 := NULL;
    END IF;
    RETURN NEW;
END $$;

-- statement
DROP TRIGGER IF EXISTS sipproxy_subscriber_sha256 ON subscriber;

-- statement
CREATE TRIGGER sipproxy_subscriber_sha256 BEFORE UPDATE ON subscriber
    FOR EACH ROW EXECUTE FUNCTION sipproxy_subscriber_sha256();
