import CopyWebpackPlugin from 'copy-webpack-plugin';
import path from 'path';
import type { Configuration } from 'webpack';

const here = path.resolve(process.cwd(), 'preview');
const modules = path.resolve(process.cwd(), 'node_modules');

/** The preview page: Grafana's own libraries in one bundle, shared with plugins the way Grafana does. */
const config: Configuration = {
  mode: 'production',
  context: here,
  entry: { page: './src/main.tsx' },
  cache: { type: 'filesystem', name: 'preview', buildDependencies: { config: [path.join(here, 'webpack.config.ts')] } },
  devtool: false,
  // Served locally: minimizing would take longer than loading ever does.
  optimization: { minimize: false },
  performance: { hints: false },
  output: { path: path.join(here, 'dist'), filename: '[name].js', publicPath: '/', clean: true },
  resolve: { extensions: ['.ts', '.tsx', '.mjs', '.js'], modules: ['node_modules', modules] },
  module: {
    rules: [
      {
        test: /\.tsx?$/,
        exclude: /node_modules/,
        use: {
          loader: 'swc-loader',
          options: {
            jsc: {
              target: 'es2022',
              parser: { syntax: 'typescript', tsx: true },
              transform: { react: { runtime: 'automatic' } },
            },
          },
        },
      },
      // Like Grafana's bundler, use a CommonJS module's `default` if it has one.
      { test: /\.m?js$/, type: 'javascript/auto', resolve: { fullySpecified: false } },
      { test: /\.css$/, use: ['style-loader', 'css-loader'] },
      { test: /\.(svg|png|ttf|woff2?|gif)$/, type: 'asset/resource' },
    ],
  },
  plugins: [
    new CopyWebpackPlugin({
      patterns: [
        { from: 'index.html' },
        { from: path.join(modules, 'systemjs/dist/system.min.js') },
        { from: path.join(modules, 'systemjs/dist/extras/amd.min.js') },
        {
          from: path.join(modules, '@fontsource/inter/files/inter-latin-400-normal.woff2'),
          to: 'public/fonts/inter/Inter-Regular.woff2',
        },
        {
          from: path.join(modules, '@fontsource/inter/files/inter-latin-500-normal.woff2'),
          to: 'public/fonts/inter/Inter-Medium.woff2',
        },
        { from: path.join(modules, '@grafana/ui/dist/public/img/icons'), to: 'public/build/img/icons' },
      ],
    }),
  ],
};

export default config;
