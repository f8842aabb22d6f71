package org.sipproxy.jdbc;

/** Channel on which the trigger of {@code subscriber-notifications.sql} reports changed credentials. */
final class SubscriberChanges {

    static final String CHANNEL = "sipproxy_subscriber";

    /** SQL that is true while both triggers exist and fire for ordinary sessions. */
    static final String TRIGGER_STATE =
            "SELECT count(*) = 2 FROM pg_catalog.pg_trigger WHERE tgrelid = to_regclass('subscriber') "
                    + "AND tgname IN ('sipproxy_subscriber_changed', 'sipproxy_subscriber_truncated') "
                    + "AND tgenabled IN ('O', 'A')";

    private SubscriberChanges() {}
}
