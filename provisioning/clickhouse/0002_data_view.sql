-- The article's table `data`, as a view on the events, so that its dashboards and
-- queries keep working. Names and types are the article's.
CREATE OR REPLACE VIEW analytics.data AS
SELECT
    event                                                    AS type,
    user_id                                                  AS user_id,
    session_id                                               AS session_id,
    toDateTime(ts, 'UTC')                                    AS timestamp,
    locale                                                   AS locale,
    path                                                     AS path,
    app_version                                              AS appVersion,
    CAST(properties, 'Map(String, String)')                  AS details,
    project                                                  AS project,
    browser                                                  AS browser,
    browser_version                                          AS browser_version,
    os                                                       AS os,
    os_version                                               AS os_version,
    device_type                                              AS device,
    device_brand                                             AS brand,
    device_model                                             AS model,
    country                                                  AS country,
    region                                                   AS region,
    city                                                     AS city,
    latitude                                                 AS latitude,
    longitude                                                AS longitude
FROM analytics.events;
