package org.sipproxy.server.migrate;

/** Something that a route block does and that an option or code of this server corresponds to. */
enum Feature {
    AUTHENTICATION,
    /** Only REGISTER needs a password. */
    REGISTER_AUTHENTICATION,
    /** An unknown statement that has to do with passwords. */
    UNKNOWN_AUTHENTICATION,
    TRUSTED_ADDRESSES,
    ALLOWED_ADDRESSES,
    FLOOD,
    SCANNERS,
    NAT,
    NAT_SIP_PING,
    MEDIA_RELAY,
    ALIASES,
    SPEED_DIAL,
    PRESENCE,
    GATEWAY,
    VOICEMAIL,
    BLOCK_REDIRECTS,
    BLOCK_CHALLENGES,
    RPC_HTTP,
    FOREIGN_DOMAINS,
    LOCATION,
    REGISTRAR
}
