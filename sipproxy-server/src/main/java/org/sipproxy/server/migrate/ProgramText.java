package org.sipproxy.server.migrate;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/** Java program for the options of an import, with stages for what an option does not do. */
final class ProgramText {

    private final Import all;
    private final String className;
    private final Set<String> imports = new TreeSet<>();
    private final Set<String> staticImports = new TreeSet<>();

    ProgramText(Import all, String className) {
        this.all = all;
        this.className = className;
    }

    List<String> lines() {
        use("org.sipproxy.core.SipProxy");
        use("org.sipproxy.core.SipProxyBuilder");
        boolean hasDatabase = all.settings.has("database-url");
        List<String> calls = new ProgramCalls(all.settings, this::use).calls();
        List<String> stage = stage();
        List<String> lines = new ArrayList<>();
        lines.add(
                "/** Proxy imported from a Kamailio configuration. What is not translated is at the end of this file. */");
        lines.add("public final class " + className + " {");
        lines.add("");
        lines.add("    private " + className + "() {}");
        lines.add("");
        lines.add("    /** Serves until the process is stopped. */");
        lines.add("    public static void main(String[] args) throws InterruptedException {");
        if (hasDatabase) {
            lines.add("        " + use("com.zaxxer.hikari.HikariDataSource") + " database = database();");
        }
        lines.add("        SipProxy proxy = proxy(" + (hasDatabase ? "database" : "") + ").build();");
        lines.add("        // on SIGTERM: responds to requests in flight and writes pending changes");
        lines.add("        Runtime.getRuntime().addShutdownHook(new Thread("
                + (hasDatabase
                        ? "() -> {\n            proxy.close();\n            database.close();\n        }"
                        : "proxy::close")
                + "));");
        lines.add("        proxy.start();");
        lines.add("        System.out.println(\"READY \" + proxy.boundEndpoints());");
        lines.add("        Thread.currentThread().join(); // the threads of the proxy do not keep a JVM up");
        lines.add("    }");
        lines.add("");
        lines.add("    static SipProxyBuilder proxy(" + (hasDatabase ? use("javax.sql.DataSource") + " database" : "")
                + ") {");
        lines.add("        SipProxyBuilder builder = SipProxy.builder();");
        calls.forEach(call -> lines.add("        " + call));
        if (!stage.isEmpty()) {
            lines.add("        builder.beforeRouting(" + use("org.sipproxy.api.routing.RequestStage") + ".onInvite("
                    + className + "::route).named(\"failures\").withoutBlocking());");
        }
        lines.add("        return builder;");
        lines.add("    }");
        if (hasDatabase) {
            addDatabase(lines);
        }
        lines.addAll(stage);
        lines.add("}");
        addRemarks(lines);
        return withImports(lines);
    }

    /** Returns the simple name of a class, which is imported. */
    private String use(String name) {
        imports.add(name);
        return name.substring(name.lastIndexOf('.') + 1);
    }

    private List<String> withImports(List<String> lines) {
        List<String> whole = new ArrayList<>();
        staticImports.forEach(name -> whole.add("import static " + name + ";"));
        if (!staticImports.isEmpty()) {
            whole.add("");
        }
        imports.forEach(name -> whole.add("import " + name + ";"));
        whole.add("");
        whole.addAll(lines);
        return whole;
    }

    private void addDatabase(List<String> lines) {
        lines.add("");
        lines.add("    /** Opens the database. The password is the variable SIPPROXY_DATABASE_PASSWORD. */");
        lines.add("    static HikariDataSource database() {");
        lines.add("        HikariDataSource pool = new HikariDataSource();");
        lines.add("        pool.setJdbcUrl("
                + literal(all.settings.value("database-url").orElse("")) + ");");
        all.settings
                .value("database-user")
                .ifPresent(role -> lines.add("        pool.setUsername(" + literal(role) + ");"));
        lines.add("        pool.setPassword(System.getenv(\"SIPPROXY_DATABASE_PASSWORD\"));");
        lines.add("        return pool;");
        lines.add("    }");
    }

    /** Returns the method that routes calls by a plan; empty if the configuration has no failure route to translate. */
    private List<String> stage() {
        List<String> rules = new ArrayList<>();
        String causes = "org.sipproxy.api.routing.FailureCause.";
        if (all.has(Feature.BLOCK_REDIRECTS)) {
            staticImports.add(causes + "REDIRECTED");
            rules.add(".onFailure(REDIRECTED).respond(404)");
        }
        if (all.has(Feature.BLOCK_CHALLENGES)) {
            staticImports.add(causes + "CHALLENGED");
            rules.add(".onFailure(CHALLENGED).respond(404)");
        }
        GatewayTranslator.voicemailServer(all).ifPresent(server -> {
            List.of("BUSY", "NO_ANSWER", "NOT_REGISTERED", "UNREACHABLE")
                    .forEach(cause -> staticImports.add(causes + cause));
            use("org.sipproxy.api.routing.Target");
            rules.add(".onFailure(BUSY, NO_ANSWER, NOT_REGISTERED, UNREACHABLE)");
            rules.add("        .relay(Target.of(SipUri.of(\"sip:\" + callee.user() + " + literal("@" + server) + ")))");
        });
        if (rules.isEmpty()) {
            return List.of();
        }
        String uri = use("org.sipproxy.message.SipUri");
        List<String> lines = new ArrayList<>(List.of(
                "",
                "    private static " + use("org.sipproxy.api.routing.Verdict") + " route("
                        + use("org.sipproxy.api.routing.StageContext") + " context) throws "
                        + use("org.sipproxy.message.SipParseException") + " {",
                "        " + uri + " callee = context.request().requestUri();",
                "        if (!context.isMyself(callee) || !callee.hasUser()" + exceptNumbers() + ") {",
                "            return Verdict.proceed();",
                "        }",
                "        return Verdict.relay(" + use("org.sipproxy.api.routing.RelayPlan") + ".toCallee()"));
        rules.forEach(rule -> lines.add("                " + rule));
        int last = lines.size() - 1;
        lines.set(last, lines.get(last) + ");");
        lines.add("    }");
        return lines;
    }

    /** Returns the condition by which the stage leaves the numbers of gateways alone. */
    private String exceptNumbers() {
        StringBuilder condition = new StringBuilder();
        all.settings
                .of("prefix-route")
                .forEach(one -> condition.append(" || callee.user().startsWith("
                        + literal(one.value().substring(0, one.value().indexOf('='))) + ")"));
        return condition.toString();
    }

    private void addRemarks(List<String> lines) {
        for (Remark.Kind kind : Remark.Kind.values()) {
            if (kind == Remark.Kind.COVERED || all.remarks.of(kind).isEmpty()) {
                continue;
            }
            lines.add("");
            lines.add("// ==== " + kind.title());
            all.remarks
                    .of(kind)
                    .forEach(remark -> lines.add("// "
                            + ConfigurationText.printable(remark.place() + ": " + remark.text())
                                    .replace("\\u", "\\ u")));
        }
    }

    /** Returns a string literal of Java. */
    static String literal(String text) {
        StringBuilder literal = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                literal.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                literal.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                literal.append(c);
            }
        }
        return literal.append('"').toString();
    }
}
