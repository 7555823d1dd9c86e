"""Which path answers with what."""

from django.urls import path

from config import views

urlpatterns = [
    path("", views.index),
    path("api/geo", views.geo),
    path("api/ip", views.ip),
    path("api/env", views.env),
    path("api/cache", views.cache),
    path("api/cache/expire", views.cache_expire),
]
