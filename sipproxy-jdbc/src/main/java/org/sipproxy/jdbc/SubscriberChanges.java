package org.sipproxy.jdbc;

/** The channel on which the trigger of {@code subscriber-notifications.sql} tells of changed credentials. */
final class SubscriberChanges {

    static final String CHANNEL = "sipproxy_subscriber";

    /** True while both triggers are there and fire for ordinary sessions. */
    static final String TRIGGER_STATE =
            "SELECT count(*) = 2 FROM pg_catalog.pg_trigger WHERE tgrelid = to_regclass('subscriber') "
                    + "AND tgname IN ('sipproxy_subscriber_changed', 'sipproxy_subscriber_truncated') "
                    + "AND tgenabled IN ('O', 'A')";

    private SubscriberChanges() {}
}
