-- Notifies every proxy that listens on the channel sipproxy_subscriber of changed credentials, as username@domain, or *
-- for all of them. Every change of the table causes it, also one by kamctl. Does not affect a Kamailio that only reads
-- the table.

-- statement
CREATE OR REPLACE FUNCTION sipproxy_subscriber_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM pg_notify('sipproxy_subscriber', '*');
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        PERFORM pg_notify('sipproxy_subscriber', OLD.username || '@' || OLD.domain);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM pg_notify('sipproxy_subscriber', NEW.username || '@' || NEW.domain);
    END IF;
    RETURN NULL;
END $$;

-- statement
DROP TRIGGER IF EXISTS sipproxy_subscriber_changed ON subscriber;

-- statement
CREATE TRIGGER sipproxy_subscriber_changed AFTER INSERT OR UPDATE OR DELETE ON subscriber
    FOR EACH ROW EXECUTE FUNCTION sipproxy_subscriber_changed();

-- statement
DROP TRIGGER IF EXISTS sipproxy_subscriber_truncated ON subscriber;

-- statement
CREATE TRIGGER sipproxy_subscriber_truncated AFTER TRUNCATE ON subscriber
    FOR EACH STATEMENT EXECUTE FUNCTION sipproxy_subscriber_changed();
