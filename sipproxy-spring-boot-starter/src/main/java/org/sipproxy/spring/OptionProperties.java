package org.sipproxy.spring;

/** Properties that are applied to the builder. */
record OptionProperties(
        AccessProperties access,
        CallProperties calls,
        GatewayProperties gateways,
        LimitProperties limits,
        RegistrarProperties registrar,
        StorageProperties storage,
        TableProperties tables,
        TimerProperties timers,
        TlsProperties tls) {}
